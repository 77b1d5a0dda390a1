"""Finds identifiers that would create another student: missing, or changed by a spreadsheet program."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from destination_powerschool_enrollment.field_text import trimmed
from powerschool_enrollment_roster.mapping.odd_values import MONTH, REPLACEMENT, SCIENTIFIC, is_null_marker
from powerschool_enrollment_roster.mapping.repeated_ids import RepeatedIds
from powerschool_enrollment_roster.mapping.row_values import SentColumn
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow

# The pattern of a damaged identifier, what is wrong with it, and how to fix it.
_DAMAGES = (
    (re.compile(r"=.*"), "is a spreadsheet formula", "export the ID without the equals sign and quotation marks"),
    (re.compile(r"'.*"), "begins with an apostrophe, which marks a text in a spreadsheet", "remove it"),
    (
        re.compile(SCIENTIFIC),
        "is in scientific notation: the spreadsheet program dropped its last digits",
        "export the roster again, and do not open it in a spreadsheet program",
    ),
    (
        re.compile(MONTH),
        "is a date such as 4-Mar: the spreadsheet program made it of an ID such as 3-4",
        "export the roster again, and do not open it in a spreadsheet program",
    ),
    (re.compile(r"\d+[.,]0+"), "has a decimal point: a program took it for a number", "export the column as text"),
    (re.compile(r"\d{1,3}(?:,\d{3})+"), "has thousands separators", "export the column as text"),
    (re.compile(r"#+"), "is cut: the spreadsheet's column was too narrow", "widen the column and export again"),
)
_MISSING = "is missing: each import would create the student again"
_NULL = "is a word for a missing value: each import would write to the same student"
_UNREADABLE = "has a character that was lost when the file was converted"
_DOUBTFUL = "is a number whose displayed digits are not known: it may have leading zeros"
_AS_TEXT = "format the column as text, or save the file as .xlsx"
_DATE = "is a date: the spreadsheet program took the ID for one"


class IdentifierCheck:
    """Looks at the identifier of each row. `repeated` gets the IDs that are not damaged."""

    def __init__(self, roster: Roster, column: SentColumn, repeated: RepeatedIds) -> None:
        self._roster = roster
        self._column = column
        self._repeated = repeated
        self._damaged: dict[tuple[str, str], LineNumbers] = defaultdict(LineNumbers)
        self._by_length: dict[int, LineNumbers] = defaultdict(LineNumbers)
        self._padded_length = 0  # of the longest identifier that begins with 0
        self._without_digit = LineNumbers()
        self._undamaged_count = 0

    def add(self, row: RosterRow) -> None:
        """Look at one row."""
        identifier = trimmed(row.cells[self._column.position])
        if damage := _damage_of(identifier):
            self._damaged[damage].add(row.line)
            return
        self._undamaged_count += 1
        if not any(map(str.isdigit, identifier)):
            self._without_digit.add(row.line)
        self._note_length(identifier, row.line)
        self._repeated.add(identifier, row.line)

    def refusals(self) -> Iterator[str]:
        """Yield what must be fixed before any row is sent."""
        place = self._column.position
        if place in self._roster.doubtful:
            self._damaged[_DOUBTFUL, _AS_TEXT] = self._roster.doubtful[place]
        if place in self._roster.dates:
            self._damaged[_DATE, "format the column as text, and export again"] = self._roster.dates[place]
        for (what, fix), lines in self._damaged.items():
            yield f"{self._roster.places(lines)}: {self._column.name} {what}. Fix: {fix}."
        yield from self._repeated.refusals()

    def suspicions(self) -> Iterator[str]:
        """Yield what the user should look at."""
        yield from self._repeated.suspicions()
        if 0 < self._without_digit.count <= self._undamaged_count / 2:
            yield (
                f"{self._roster.places(self._without_digit)}: {self._column.name} has no digit, unlike others: a row "
                "of a total, or a second line of the header, would become a student."
            )
        shorter = LineNumbers()
        for length, lines in self._by_length.items():
            if length < self._padded_length:
                shorter.merge(lines)
        if shorter.count:
            yield (
                f"{self._roster.places(shorter)}: {self._column.name} has fewer digits than others, which begin with "
                "0: leading zeros may be lost."
            )

    def _note_length(self, identifier: str, line: int) -> None:
        if identifier.isdecimal():
            self._by_length[len(identifier)].add(line)
            if identifier.startswith("0"):
                self._padded_length = max(self._padded_length, len(identifier))


def _damage_of(identifier: str) -> tuple[str, str] | None:
    if not identifier:
        return _MISSING, "add the ID, or remove the row"
    if is_null_marker(identifier):
        return _NULL, "add the ID, or remove the row"
    if REPLACEMENT in identifier:
        return _UNREADABLE, "export the roster again as UTF-8"
    return next(((what, fix) for pattern, what, fix in _DAMAGES if pattern.fullmatch(identifier)), None)
