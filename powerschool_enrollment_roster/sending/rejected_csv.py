"""The file of rejected rows: CSV in the roster's own columns, with the line and the reason, to fix and import again."""

from __future__ import annotations

import csv
import errno
import os
from io import TextIOWrapper
from itertools import count
from pathlib import Path

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.names import ADDED_COLUMNS
from powerschool_enrollment_roster.reading.roster import RosterRow

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_MOST_FILES = 1000


class RejectedCsv:
    """A new file, readable by its owner only. It disappears if no row was rejected.

    Every run has its own file: an older one may be the only copy of rows that are not fixed yet, and its rows may be
    outdated. So a number is added to a name that is taken.
    """

    def __init__(self, path: str, columns: list[str]) -> None:
        """Create the file. Raises ImportRefused if that is not possible."""
        self.rows = 0
        self.path, descriptor = _created(Path(path))
        # A byte order mark, so that Excel reads names in UTF-8.
        self._file = TextIOWrapper(
            os.fdopen(descriptor, "wb", buffering=0), "utf-8-sig", newline="", write_through=True
        )
        self._writer = csv.writer(self._file)
        self._write([*columns, *ADDED_COLUMNS])

    def add(self, row: RosterRow, reason: str) -> None:
        """Write one row without buffering. Raises ImportRefused if that fails, for example because the disk is full."""
        self._write([*row.cells, str(row.line), reason])
        self.rows += 1

    def close(self) -> None:
        """Close the file, and remove it if it has no row."""
        self._file.close()
        if not self.rows:
            self.path.unlink(missing_ok=True)

    def _write(self, cells: list[str]) -> None:
        try:
            self._writer.writerow(cells)
        except OSError as error:
            raise ImportRefused(
                f"--rejected {self.path}: the file cannot be written: {error.strerror}. Choose another folder."
            ) from None


def _created(path: Path) -> tuple[Path, int]:
    """Create a file under the path, or under a numbered one if it is taken. Return its path and descriptor."""
    for number in count(2):
        candidate = path if number == 2 else path.with_name(f"{path.stem}-{number - 1}{path.suffix}")
        try:
            return candidate, os.open(candidate, _FLAGS, 0o600)
        except OSError as error:
            if error.errno != errno.EEXIST or number > _MOST_FILES:
                raise ImportRefused(
                    f"--rejected {path}: the file cannot be created: {error.strerror}. Choose another path."
                ) from None
        except ValueError:
            raise ImportRefused(f"--rejected {str(path)!r} is not a path.") from None
    raise AssertionError
