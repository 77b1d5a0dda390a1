"""The file for rejected rows: JSON Lines, readable by its owner only."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from destination_powerschool_enrollment.protocol import RowMessage
from destination_powerschool_enrollment.send_row import Outcome
from powerschool_enrollment_api import InvalidOption

_OPTION = "The option rejected_rows_file"
_LINK = f"{_OPTION}: the file is a symbolic link. Name the file itself."
_NO_PATH = f"{_OPTION} is not a path: it contains U+0000 or half of a surrogate pair."
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def problems_of_path(path: str | None) -> Iterator[str]:
    """Yield why the file cannot be written, without creating it."""
    if path is None:
        return
    try:
        os.access(path, os.F_OK)  # raises ValueError if it is not a path; is_symlink does not
        if not os.access(Path(path).absolute().parent, os.W_OK | os.X_OK):
            yield f"{_OPTION}: its folder does not exist or is not writable."
        if Path(path).is_symlink():
            yield _LINK
    except ValueError:
        yield _NO_PATH


class RejectedRowsFile:
    """Appends rejected rows to the file. It keeps the rows of earlier syncs, because they may be the only copy."""

    def __init__(self, path: str, now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        """Open the file. Raises InvalidOption if it cannot be written. `now` returns the time in UTC.

        A symbolic link is refused: another user who may write to the folder could redirect children's data to another
        file, and the mode of that file would change.
        """
        self._now = now
        try:
            self._descriptor = os.open(path, _FLAGS, 0o600)
            if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                os.fchmod(self._descriptor, 0o600)
                self._end_last_line()
        except OSError as error:
            raise _not_writable(error) from None
        except ValueError:  # a NUL, or half of a surrogate pair
            raise InvalidOption(_NO_PATH) from None

    def add(self, message: RowMessage, outcome: Outcome) -> None:
        """Write one row without buffering. Raises InvalidOption if that fails, for example because the disk is full."""
        namespace, name = message.stream
        entry = {
            "rejected_at": self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "stream": name,
            "namespace": namespace,
            "reason": outcome.reason,
            "status": outcome.status,
            "row": message.data,
        }
        rest = (json.dumps(entry, default=_number) + "\n").encode()
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise _not_writable(error) from None

    def _end_last_line(self) -> None:
        """End the last line if it has no line break: a killed sync or an editor may leave such a line."""
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _not_writable(error: OSError) -> InvalidOption:
    if error.errno == errno.ELOOP:
        return InvalidOption(_LINK)
    return InvalidOption(
        f"{_OPTION}: the file cannot be written ({error.strerror}). "
        "Choose a file in a folder that exists, is writable and has free space."
    )


def _number(value: Decimal) -> float | str:
    """Return the number as a float, or as text if a float would change it or JSON has no such number."""
    number = float(value)
    return number if value.is_finite() and Decimal(repr(number)) == value else str(value)
