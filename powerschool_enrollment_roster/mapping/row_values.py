"""Turns a row of the roster into the fields that the destination receives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from destination_powerschool_enrollment.field_text import is_date_field, trimmed
from powerschool_enrollment_roster.mapping.column_fields import ColumnFields
from powerschool_enrollment_roster.mapping.dates import DateOrder, iso_date
from powerschool_enrollment_roster.mapping.import_targets import ImportTarget
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow
from powerschool_enrollment_roster.reading.table import is_blank


@dataclass(frozen=True)
class SentColumn:
    """A column that is sent: its position in the roster, and the field that it goes to."""

    position: int
    name: str
    field: str
    is_date: bool
    is_identity: bool


@dataclass(frozen=True)
class SentColumns:
    """All columns that are sent, and the order of day and month in their dates."""

    columns: tuple[SentColumn, ...]
    date_order: DateOrder | None

    @property
    def identity(self) -> SentColumn | None:
        """Return the column that identifies a student."""
        return next((column for column in self.columns if column.is_identity), None)

    def fields_of(self, row: RosterRow) -> Mapping[str, str | None]:
        """Return the value of each field; None for a blank cell."""
        return {column.field: self._value(column, row.cells[column.position]) for column in self.columns}

    def _value(self, column: SentColumn, cell: str) -> str | None:
        if is_blank(cell):
            return None
        return iso_date(trimmed(cell), self.date_order or "mdy") if column.is_date else cell


def sent_columns(
    roster: Roster, target: ImportTarget, fields: ColumnFields, date_order: DateOrder | None
) -> SentColumns:
    """Return the columns that are sent. A column whose cells are mostly of the type date is a date in any field."""
    # An identifier is never a date: 2015-04-20 may be a student's number.
    identity = next((field for field in target.identities if field in fields.fields.values()), None)
    columns, by_type = [], _columns_of_dates(roster)
    for name, field in fields.fields.items():
        position = roster.position_of(name)
        is_date = field != identity and (position in by_type or is_date_field(field))
        columns.append(SentColumn(position, name, field, is_date, field == identity))
    return SentColumns(tuple(columns), date_order)


def _columns_of_dates(roster: Roster) -> set[int]:
    """Return the positions of columns of which at least half of the cells that are not blank have the type date.

    A single date may be a grade such as 3-4, which a spreadsheet program took for a date.
    """
    filled = Counter(
        position
        for row in (roster.rows() if roster.dates else ())
        for position in roster.dates
        if not is_blank(row.cells[position])
    )
    return {position for position, count in filled.items() if roster.dates[position].count * 2 >= count}
