"""Finds the import schema or form to write to, the field of each column, and values that are wrong there."""
