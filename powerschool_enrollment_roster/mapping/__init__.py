"""Finds the import schema to write to, the field of each column, and values that are probably wrong."""
