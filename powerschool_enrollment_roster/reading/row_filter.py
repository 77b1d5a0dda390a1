"""Chooses the rows to import: those that --only names, without those that OneRoster marks for deletion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from powerschool_enrollment_roster.names import match_key
from powerschool_enrollment_roster.reading.layout import Header, LeftOut
from powerschool_enrollment_roster.reading.line_numbers import counted

DELETED = "tobedeleted"
"""The status of a row of OneRoster that is marked for deletion."""


class RowFilter:
    """Chooses rows by the values of columns, ignoring case.

    `unknown` are the columns of --only that the header does not have. They do not exclude rows here, because the import
    is refused later. `ambiguous` has the positions of columns of --only that have the same name.
    """

    def __init__(self, header: Header, only: Mapping[str, str]) -> None:
        places = {match_key(name): place for place, name in enumerate(header.columns) if name}
        found = {column: places.get(match_key(column)) for column in only}
        self._wanted = {
            column: (place, only[column].strip().casefold()) for column, place in found.items() if place is not None
        }
        self.unknown = [column for column, place in found.items() if place is None]
        self.ambiguous = [header.repeated[match_key(column)] for column in only if match_key(column) in header.repeated]
        self._place = header.place
        self._status = header.oneroster_column("status")
        self._matching: Counter[str] = Counter()

    def accepts(self, line: int, cells: list[str], left_out: LeftOut) -> bool:
        """Return whether to import a row; otherwise add its line to `left_out`."""
        matching = [column for column, (place, value) in self._wanted.items() if _key(cells[place]) == value]
        self._matching.update(matching)
        if len(matching) < len(self._wanted):
            left_out.not_chosen.add(line)
            return False
        if self._status is not None and _key(cells[self._status]) == DELETED:
            left_out.deleted.add(line)
            return False
        return True

    def why_no_row(self, left_out: LeftOut) -> str:
        """Return why there is no row to import."""
        marked, others = left_out.deleted.count, left_out.not_chosen.count
        if not marked + others:
            return f"{self._place}: no row is below the header."
        deleted = f" OneRoster marks {counted(marked, 'chosen row')} for deletion." if marked else ""
        if not others:
            return f"{self._place}: no row to import is below the header.{deleted}"
        counts = ", ".join(f"{column!r} {self._matching[column]:,}" for column in self._wanted)
        return (
            f"{self._place}: --only chooses none of the {counted(marked + others, 'row')} below the header.{deleted} "
            f"Rows with the value of --only, by column: {counts}. Compare the value with the cells of the "
            "column, or leave the option out."
        )


def _key(cell: str) -> str:
    return cell.strip().casefold()
