"""The service over HTTP: server, wire shapes, endpoints, injected faults, and a journal of all requests."""
