"""Finds words for a missing value such as NULL, values that a program changed, and characters that were lost."""

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
# A spreadsheet program shows, and saves as text: 5.13E+09 for a long number, 4-Mar for 3-4, ## in a narrow column.
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
SCIENTIFIC = r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d+|\d+[.,]\d+[eE]\d+"
MONTH = rf"\d{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-\d\d"
_REWRITTEN = re.compile(rf"(?P<scientific>{SCIENTIFIC})|(?P<month>{MONTH})|(?P<cut>##+)|(?P<decimal>\d+\.0)")

_NULL = "a word for a missing value, which is sent as it is"
_LOST = "a character that was lost when the file was converted"
_TWICE = "characters of another encoding (such as Ã©): the file was converted twice"
_FORMULA = "a spreadsheet formula, which is sent as it is"
_AMONG_OTHERS = "a date among other values: a spreadsheet program may have taken 3-4 for one; it is sent as a date"
_KINDS = {
    "scientific": "a number in scientific notation, without its last digits, which is sent as it is",
    "month": "a date such as 4-Mar, which a spreadsheet program makes of 3-4, and which is sent as it is",
    "cut": "only number signs, because the spreadsheet's column was too narrow; they are sent as they are",
    "decimal": "a whole number with a decimal point, such as 3.0, which is sent as it is",
}


def is_null_marker(text: str) -> bool:
    """Return whether the text is one that programs write for a missing value."""
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
            elif what := _oddity_of(cell, is_date=column.is_date):
                self._found[column.name, what].add(row.line)

    def suspicions(self) -> Iterator[str]:
        """Yield what the user should look at."""
        for (name, what), lines in self._found.items():
            yield f"{self._roster.places(lines)}: {name} has {what}."
        for column in self._columns:
            if not column.is_date and column.position in self._roster.dates:
                lines = self._roster.dates[column.position]
                yield f"{self._roster.places(lines)}: {column.name} has {_AMONG_OTHERS}."


def _oddity_of(cell: str, *, is_date: bool) -> str | None:
    if cell.isascii() and cell.isalnum():
        return _NULL if is_null_marker(cell) else None
    if is_null_marker(cell.strip()):
        return _NULL
    if cell.startswith('="'):
        return _FORMULA
    if REPLACEMENT in cell:
        return _LOST
    if not cell.isascii():
        return _TWICE if _READ_TWICE.search(cell) else None
    rewritten = None if is_date else _REWRITTEN.fullmatch(cell.strip())
    return _KINDS[rewritten.lastgroup or ""] if rewritten else None
