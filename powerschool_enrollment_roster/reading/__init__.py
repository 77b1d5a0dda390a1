"""Reads the roster: bytes → lines of cells → rows below a header. Each row knows its line in the input."""
