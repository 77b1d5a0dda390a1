"""Finds dates that may have been read in the wrong order, and texts that are not dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from powerschool_enrollment_roster.mapping.dates import DateKind, kind_of
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow
from powerschool_enrollment_roster.reading.table import is_blank


class DateCheck:
    """Looks at the dates of each row."""

    def __init__(self, roster: Roster, sent: SentColumns) -> None:
        self._roster = roster
        self._order = sent.date_order
        self._columns = [column for column in sent.columns if column.is_date]
        self._lines: dict[tuple[str, DateKind], LineNumbers] = defaultdict(LineNumbers)

    def add(self, row: RosterRow) -> None:
        """Look at one row."""
        for column in self._columns:
            cell = row.cells[column.position]
            if not is_blank(cell):
                self._lines[column.name, kind_of(cell)].add(row.line)

    def refusals(self) -> Iterator[str]:
        """Yield what the user must decide before any row is sent, so that day and month of a date are not swapped."""
        for column in dict.fromkeys(name for name, _ in self._lines):
            day_first, month_first = self._found(column, DateKind.DAY_FIRST), self._found(column, DateKind.MONTH_FIRST)
            if self._needs_order(column):
                yield (
                    f"{self._roster.places(day_first)}: {column} has the day before the month. If all dates are like "
                    "that, add --date-order dmy. If these are mistakes, --date-order mdy sends them as they are."
                )
            if self._order == "dmy" and month_first.count:
                yield (
                    f"{self._roster.places(month_first)}: {column} has the month before the day, in spite of "
                    "--date-order dmy. Fix these dates, or leave the option out."
                )

    def suspicions(self) -> Iterator[str]:
        """Yield what the user should look at."""
        for column in dict.fromkeys(name for name, _ in self._lines):
            yield from self._suspicions_of(column)

    def _suspicions_of(self, column: str) -> Iterator[str]:
        if (lines := self._found(column, DateKind.NOT_A_DATE)).count:
            yield f"{self._roster.places(lines)}: {column} is not a date such as 04/20/2015 or 2015-04-20."
        if self._needs_order(column):
            return
        if self._order != "dmy" and (lines := self._found(column, DateKind.DAY_FIRST)).count:
            yield f"{self._roster.places(lines)}: {column} has the day before the month, and is sent as it is."
        ambiguous = self._found(column, DateKind.AMBIGUOUS)
        if self._order is None and ambiguous.count and not self._found(column, DateKind.MONTH_FIRST).count:
            yield (
                f"{self._roster.places(ambiguous)}: {column} may have the day first: no date in the file shows the "
                "order. They are read as month/day/year; --date-order dmy reads them as day/month/year."
            )

    def _needs_order(self, column: str) -> bool:
        """Return whether all dates that show their order have the day first, and --date-order is not set."""
        if self._order is not None or self._found(column, DateKind.MONTH_FIRST).count:
            return False
        return bool(self._found(column, DateKind.DAY_FIRST).count)

    def _found(self, column: str, kind: DateKind) -> LineNumbers:
        return self._lines.get((column, kind), LineNumbers())
