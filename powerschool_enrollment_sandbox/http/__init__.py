"""The service over HTTP: server, wire shapes, endpoints, faults on request, and a journal of every request."""
