"""The control plane below `/sandbox`, for tests whose sandbox runs in another process, and its client."""
