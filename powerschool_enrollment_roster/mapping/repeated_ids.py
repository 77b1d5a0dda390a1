"""Finds rows with the same ID: of one student, or of different children, whose records would overwrite each other."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from destination_powerschool_enrollment.field_text import trimmed
from powerschool_enrollment_roster.mapping.dates import iso_date
from powerschool_enrollment_roster.mapping.row_values import SentColumn, SentColumns
from powerschool_enrollment_roster.mapping.synonyms import synonyms
from powerschool_enrollment_roster.names import match_key
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow

_SHOWN = 5
_OF_A_CHILD = ("first_name", "birth_date")


class RepeatedIds:
    """Collects the lines of each ID. IDs are equal if they differ only in case and in blanks at their ends.

    With `last_row_counts`, rows of different children are sent. Memory: about a hundred bytes per student.
    """

    def __init__(self, roster: Roster, identity: SentColumn, sent: SentColumns, *, last_row_counts: bool) -> None:
        self._roster = roster
        self._identity = identity
        self._allowed = last_row_counts
        self._children = _Children(sent)
        self._first_line: dict[str, int] = {}
        self._lines: dict[str, LineNumbers] = {}

    def add(self, identifier: str, line: int) -> None:
        """Add the ID of a row."""
        key = identifier.casefold()
        first = self._first_line.setdefault(key, line)
        if first != line:
            self._lines.setdefault(key, LineNumbers([first])).add(line)

    def refusals(self) -> Iterator[str]:
        """Yield what must be fixed before any row is sent."""
        if self._conflicting and not self._allowed:
            yield (
                f"{self._places_of_conflict()}. The last of these rows would overwrite another child's record. Fix: "
                "correct the ID, or remove the wrong row. If the rows of an ID are one child's, add --last-row-counts."
            )

    def suspicions(self) -> Iterator[str]:
        """Yield what the user should look at."""
        if self._conflicting and self._allowed:
            yield f"{self._places_of_conflict()}. Only the last of these rows counts, because of --last-row-counts."
        same = [lines for key, lines in self._lines.items() if key not in self._conflicting]
        if same:
            shown = self._listed(same)
            yield f"{self._roster.name}: the same {self._identity.name}, so that only the last row counts: {shown}."

    def _places_of_conflict(self) -> str:
        lines = self._listed([self._lines[key] for key in self._conflicting])
        return f"{self._roster.name}: the same {self._identity.name}, but another {self._children.label}: {lines}"

    def _listed(self, students: list[LineNumbers]) -> str:
        shown = "; ".join(lines.text(self._roster.unit) for lines in students[:_SHOWN])
        return shown + (f"; and {len(students) - _SHOWN:,} more students" if len(students) > _SHOWN else "")

    @cached_property
    def _conflicting(self) -> dict[str, None]:
        """Return the IDs of different children."""
        known: dict[str, dict[str, str]] = defaultdict(dict)
        found: dict[str, None] = {}
        for row in self._roster.rows() if self._lines and self._children.label else ():
            key = trimmed(row.cells[self._identity.position]).casefold()
            if key in self._lines and self._children.differ(known[key], row):
                found[key] = None
        return found


class _Children:
    """Compares the first name and the date of birth of rows. `label` is what the columns of both are called."""

    def __init__(self, sent: SentColumns) -> None:
        self._order = sent.date_order or "mdy"
        meanings = synonyms().meanings(column.name for column in sent.columns)
        self._columns = {
            meaning: column
            for column in sent.columns
            if (meaning := synonyms().meaning_of_field(column.field) or meanings.get(column.name)) in _OF_A_CHILD
        }
        self.label = " or ".join(column.name for column in self._columns.values())

    def differ(self, known: dict[str, str], row: RosterRow) -> bool:
        """Return whether a row is not of the child with the `known` values, and add the values of the row.

        A blank cell is not different, nor is a name that continues the other one, such as `Ana` and `Ana María`.
        """
        differ = False
        for meaning, column in self._columns.items():
            value = self._comparable(column, row.cells[column.position])
            before = known.setdefault(meaning, value) or value
            known[meaning] = before
            differ |= bool(value) and not (value.startswith(before) or before.startswith(value))
        return differ

    def _comparable(self, column: SentColumn, cell: str) -> str:
        if column.is_date:
            return iso_date(cell.strip(), self._order)
        letters = unicodedata.normalize("NFKD", trimmed(cell))
        return match_key("".join(letter for letter in letters if not unicodedata.combining(letter)))
