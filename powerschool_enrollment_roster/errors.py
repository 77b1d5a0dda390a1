"""The error that ends an import before its first row is sent."""

from __future__ import annotations


class ImportRefused(Exception):
    """The input or the command must be fixed, and nothing was sent.

    The message names lines and columns. It never contains a value of a row.
    """
