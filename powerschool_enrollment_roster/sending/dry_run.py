"""Shows what an import would do. Only GET requests are sent, and only counts and the names of columns are shown."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from destination_powerschool_enrollment.config import Config
from destination_powerschool_enrollment.mapping import Route, RowMapper, UnfitRow
from destination_powerschool_enrollment.preflight import plan_routes
from destination_powerschool_enrollment.roster_comparison import RosterDigests
from destination_powerschool_enrollment.writable_targets import WritableTargets
from powerschool_enrollment_airbyte.suggestions import listed
from powerschool_enrollment_api import Client
from powerschool_enrollment_api.record_pages import read_roster_records
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers, counted
from powerschool_enrollment_roster.reading.roster import Roster
from powerschool_enrollment_roster.screen import Screen
from powerschool_enrollment_roster.sending.destination_settings import write_stream
from powerschool_enrollment_roster.sending.differences import Differences


def show_columns(sent: SentColumns, blank_cells: dict[str, int], screen: Screen) -> None:
    """Print the field of each column, and how many of its cells are blank."""
    table = Table()
    for title in ("Column", "Field", "Blank cells"):
        table.add_column(title, overflow="fold")
    for column in sent.columns:
        blank = blank_cells.get(column.name, 0)
        table.add_row(column.name, column.field, f"{blank:,}" if blank else "")
    screen.print(table)


class DryRun:
    """Maps every row as the destination does, and compares it with the form's roster."""

    def __init__(self, roster: Roster, sent: SentColumns, config: Config, writable: WritableTargets) -> None:
        (route,) = plan_routes(config, [write_stream(sent)], writable)
        self._roster = roster
        self._sent = sent
        self._mapper = RowMapper(route, config)
        self._differences = _differences(Client(config.connection), route, self._mapper)
        self._refused: dict[str, LineNumbers] = {}
        for row in roster.rows():
            self._add(row.line, dict(sent.fields_of(row)))

    def show(self, screen: Screen, *, skip_unchanged: bool) -> None:
        """Print the counts."""
        if self._differences is None:
            screen.print("The rows cannot be compared: no column goes to a field that identifies a student.")
        else:
            for line in self._compared(self._differences, skip_unchanged=skip_unchanged):
                screen.print(line)
        for reason, lines in self._refused.items():
            screen.warn(f"{self._roster.places(lines)}: refused: {reason}")
        screen.print("Dry run: nothing was sent. The service checks each value only when it is sent.")

    def _compared(self, found: Differences, *, skip_unchanged: bool) -> Iterator[str]:
        refused = sum(lines.count for lines in self._refused.values())
        yield (
            f"{counted(self._roster.row_count, 'row')}: {found.new:,} new, {found.changed:,} changed, "
            f"{found.unchanged:,} unchanged, {refused:,} refused."
        )
        for name, count in found.fields.most_common():
            yield f"  {name} differs in {counted(count, 'row')}."
        if found.uncompared_fields:
            yield (
                "Not compared, because PowerSchool's records do not show these fields: "
                f"{listed(found.uncompared_fields)}. Rows with a value there are always sent."
            )
        elif found.unchanged and not skip_unchanged:
            yield "Unchanged rows are sent, too, unless you add --skip-unchanged."

    def _add(self, line: int, row: dict[str, str | None]) -> None:
        try:
            mapped = self._mapper.map(row)
        except UnfitRow as reason:
            self._refused.setdefault(str(reason), LineNumbers()).add(line)
            return
        if self._differences is not None:
            self._differences.add(mapped.fields)


def _differences(client: Client, route: Route, mapper: RowMapper) -> Differences | None:
    """Return an empty count of differences from the form's roster; None if no field identifies a student."""
    if route.identity_field is None:
        return None
    records = read_roster_records(client, route.target.published_action_id)
    fields = route.field_names & set(route.stream.columns)
    return Differences(RosterDigests(route.identity_field, fields, records, mapper.date_fields))
