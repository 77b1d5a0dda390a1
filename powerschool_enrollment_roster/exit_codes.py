"""The exit codes of the command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How an import ended."""

    ACCEPTED = 0
    FAILED = 1
    REFUSED = 2
    SOME_REJECTED = 3
    STOPPED = 130
