"""Checks every row before the first one is sent. Finds what prevents the import, and what the user should look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.mapping.date_check import DateCheck
from powerschool_enrollment_roster.mapping.identifier_check import IdentifierCheck
from powerschool_enrollment_roster.mapping.odd_values import OddValues
from powerschool_enrollment_roster.mapping.repeated_ids import RepeatedIds
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow


class Inspection:
    """Reads all rows, and keeps the findings. `last_row_counts` allows different children with one ID."""

    def __init__(self, roster: Roster, sent: SentColumns, *, last_row_counts: bool = False) -> None:
        self._roster = roster
        self._sent = sent
        self._identifiers = _identifier_check(roster, sent, last_row_counts=last_row_counts)
        self._dates = DateCheck(roster, sent)
        self._values = OddValues(roster, sent)
        self._roles = _RoleCheck(roster)
        for row in roster.rows():
            self._add(row)

    @property
    def refusals(self) -> list[str]:
        """Return what must be fixed before any row is sent."""
        if unsaved := list(self._formulas()):
            return unsaved
        identifiers = self._identifiers.refusals() if self._identifiers else ()
        return [*identifiers, *self._dates.refusals(), *self._roles.refusals()]

    @property
    def suspicions(self) -> list[str]:
        """Return what the user should look at. It does not prevent the import."""
        identifiers = self._identifiers.suspicions() if self._identifiers else ()
        found = (self._dates, self._values, self._roles)
        return [*identifiers, *(text for check in found for text in check.suspicions()), *self._layout()]

    @property
    def blank_cells(self) -> dict[str, int]:
        """Return how many cells of each column are blank, without columns that have none."""
        return dict(self._values.blank)

    def raise_refusals(self) -> None:
        """Raise ImportRefused if the import must not start."""
        if refusals := self.refusals:
            raise ImportRefused("\n".join(refusals))

    def _formulas(self) -> Iterator[str]:
        for name, lines in self._places_in(self._roster.unsaved):
            yield (
                f"{lines}: {name} has a formula without its result. Fix: open the workbook in a spreadsheet program, "
                "and save it."
            )

    def _layout(self) -> Iterator[str]:
        if self._roster.hidden.count:
            yield (
                f"{self._roster.places(self._roster.hidden)}: hidden, for example by a filter. Hidden rows are "
                "imported, too: delete them, or choose rows with --only."
            )
        for name, lines in self._places_in(self._roster.merged):
            yield (
                f"{lines}: {name} is merged with the cell above, and counts as blank. Unmerge the cells, and repeat "
                "the value in each row."
            )

    def _places_in(self, noted: Mapping[int, LineNumbers]) -> Iterator[tuple[str, str]]:
        """Yield each sent column that has such cells, and where they are."""
        for column in self._sent.columns:
            if column.position in noted:
                yield column.name, self._roster.places(noted[column.position])

    def _add(self, row: RosterRow) -> None:
        if self._identifiers:
            self._identifiers.add(row)
        self._dates.add(row)
        self._values.add(row)
        self._roles.add(row)


def _identifier_check(roster: Roster, sent: SentColumns, *, last_row_counts: bool) -> IdentifierCheck | None:
    identity = sent.identity
    if identity is None:
        return None
    repeated = RepeatedIds(roster, identity, sent, last_row_counts=last_row_counts)
    return IdentifierCheck(roster, identity, repeated)


class _RoleCheck:
    """Finds teachers and guardians in a OneRoster users.csv: they would become students."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._position = roster.header.oneroster_column("role")
        self._others = LineNumbers()

    def add(self, row: RosterRow) -> None:
        if self._position is not None and row.cells[self._position].strip().casefold() != "student":
            self._others.add(row.line)

    def suspicions(self) -> Iterator[str]:
        has_users = self._roster.header.oneroster_column("enabledUser") is not None
        if has_users and self._position is None:
            yield (
                f"{self._roster.name}: no column states who is a student, because OneRoster 1.2 keeps the roles in "
                "roles.csv. Teachers and guardians would be imported as students: put that file into the same folder, "
                "or import a file with students only."
            )

    def refusals(self) -> Iterator[str]:
        if self._others.count:
            yield (
                f"{self._roster.places(self._others)}: the role is not student. Import the students only: add "
                "--only role=student."
            )
