"""The Airbyte source for the PowerSchool Enrollment API."""
