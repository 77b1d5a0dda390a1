"""The data of the service: a district that is generated from a seed, and that requests and tests change."""
