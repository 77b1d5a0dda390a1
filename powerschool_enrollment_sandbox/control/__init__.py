"""The control plane: another process changes a running sandbox through HTTP routes below `/sandbox`."""
