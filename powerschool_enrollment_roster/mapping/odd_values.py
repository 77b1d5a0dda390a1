"""Finds values that a program wrote for a missing one, and characters that a conversion lost."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow
from powerschool_enrollment_roster.reading.table import is_blank

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# `None` and `nan` are Python's, `\N` MySQL's and PostgreSQL's. Null is also a last name, so such a row is sent.
_NULL_MARKERS = frozenset(
    {"null", "(null)", "[null]", "<null>", "\\n", "none", "nan", "nat", "undefined", "#n/a", "n/a", "#null!", "#ref!"}
    | {"#value!", "#name?", "#div/0!", "#num!"}
)
# UTF-8 that was read as Windows-1252: `JosÃ©`, `Oâ€™Neil`.
_READ_TWICE = re.compile("[ÃÂ][\u0080-\u00bf\u0152-\u0178\u2013-\u2122]|â€")

_NULL = "a word for a missing value, which is sent as it is"
_LOST = "a character that was lost when the file was converted"
_TWICE = "characters of another encoding (such as Ã©): the file was converted twice"
_FORMULA = "a spreadsheet formula, which is sent as it is"


def is_null_marker(text: str) -> bool:
    """Return whether a program wrote this text for a missing value."""
    return text.casefold() in _NULL_MARKERS


class OddValues:
    """Looks at the values of the columns that are sent."""

    def __init__(self, roster: Roster, sent: SentColumns) -> None:
        self._roster = roster
        self._columns = [column for column in sent.columns if not column.is_identity]
        self._found: dict[tuple[str, str], LineNumbers] = defaultdict(LineNumbers)
        self.blank: Counter[str] = Counter()

    def add(self, row: RosterRow) -> None:
        """Look at one row."""
        for column in self._columns:
            cell = row.cells[column.position]
            if is_blank(cell):
                self.blank[column.name] += 1
            elif what := _oddity_of(cell):
                self._found[column.name, what].add(row.line)

    def suspicions(self) -> Iterator[str]:
        """Yield what the user should look at."""
        for (column, what), lines in self._found.items():
            yield f"{self._roster.places(lines)}: {column} has {what}."


def _oddity_of(cell: str) -> str | None:
    if cell.isascii() and cell.isalnum():
        return _NULL if is_null_marker(cell) else None
    if is_null_marker(cell.strip()):
        return _NULL
    if cell.startswith('="'):
        return _FORMULA
    if REPLACEMENT in cell:
        return _LOST
    return _TWICE if not cell.isascii() and _READ_TWICE.search(cell) else None
