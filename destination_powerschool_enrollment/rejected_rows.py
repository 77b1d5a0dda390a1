"""The file for rejected rows: JSON Lines, readable by its owner only."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from destination_powerschool_enrollment.catalog import StreamId
from destination_powerschool_enrollment.outcome import Outcome
from powerschool_enrollment_api import InvalidOption


class RejectedRowsFile:
    """Appends rejected rows to the file. Rows of earlier syncs stay, because there may be no other copy of them."""

    def __init__(self, path: str, now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        """Open the file. Raises InvalidOption if it cannot be written. `now` returns the time in UTC."""
        self._now = now
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                os.fchmod(self._descriptor, 0o600)
                self._end_last_line()
        except OSError as error:
            raise _not_writable(error) from None

    def add(self, stream: StreamId, row: dict[str, Any], outcome: Outcome) -> None:
        """Write one row without buffering. Raises InvalidOption if that fails, for example because the disk is full."""
        namespace, name = stream
        entry = {
            "rejected_at": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "stream": name,
            "namespace": namespace,
            "reason": outcome.reason,
            "status": outcome.status,
            "row": row,
        }
        rest = (json.dumps(entry, default=_number) + "\n").encode()
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise _not_writable(error) from None

    def _end_last_line(self) -> None:
        """End the last line if it has no line break: a killed sync or an editor may leave one."""
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _not_writable(error: OSError) -> InvalidOption:
    return InvalidOption(
        f"The option rejected_rows_file: the file cannot be written ({error.strerror}). "
        "Choose a file in a folder that exists, is writable and has room."
    )


def _number(value: Decimal) -> float | str:
    """Return the number as a float, or as text if a float would change it or JSON has no such number."""
    number = float(value)
    return number if value.is_finite() and Decimal(repr(number)) == value else str(value)
