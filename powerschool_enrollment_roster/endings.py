"""How an import ends: the exit codes of the command, and the error that ends it before its first row is sent."""

from __future__ import annotations

from enum import IntEnum

NOTHING_SENT = "Nothing was sent."
"""The last line of an import that ends with `ExitCode.REFUSED`."""


class ExitCode(IntEnum):
    """How an import ended."""

    ACCEPTED = 0
    FAILED = 1
    REFUSED = 2
    SOME_REJECTED = 3
    STOPPED = 130


class ImportRefused(Exception):
    """The input or the command must be fixed, and nothing was sent.

    The message names lines and columns. It never contains a value of a row.
    """
