"""Finds what the roster is written to, the field of each column, and values that would be wrong there."""
