"""A roster that was read and checked once, and whose rows can be read any number of times."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import IO

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.reading.layout import Header, LeftOut, header_of, students
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers, counted
from powerschool_enrollment_roster.reading.row_filter import RowFilter
from powerschool_enrollment_roster.reading.table import InputTable, TableLine, is_blank

_PREVIEW = 25


@dataclass(frozen=True)
class RosterRow:
    """A student's row: the line on which it begins, and one cell for each column."""

    line: int
    cells: list[str] = field(repr=False)


@dataclass
class Roster:
    """The columns and rows of an input. `unit` is `line` or `row`, as in InputTable.

    `first_lines` are the first lines that are not blank, to look for a header below title lines. `dates`, `doubtful`,
    `unsaved` and `merged` map the position of a column to the lines of such cells, which TableLine explains. `problems`
    are errors of the layout: the import is refused. `unknown_columns` are columns of --only that the header does not
    have. `notes` are as in InputTable.
    """

    name: str
    unit: str
    header: Header
    first_lines: list[TableLine] = field(repr=False)
    left_out: LeftOut = field(default_factory=LeftOut)
    row_count: int = 0
    dates: dict[int, LineNumbers] = field(default_factory=lambda: defaultdict(LineNumbers))
    doubtful: dict[int, LineNumbers] = field(default_factory=lambda: defaultdict(LineNumbers))
    unsaved: dict[int, LineNumbers] = field(default_factory=lambda: defaultdict(LineNumbers))
    merged: dict[int, LineNumbers] = field(default_factory=lambda: defaultdict(LineNumbers))
    hidden: LineNumbers = field(default_factory=LineNumbers)
    problems: list[str] = field(default_factory=list)
    unknown_columns: Sequence[str] = ()
    notes: Sequence[str] = ()
    _rows: IO[str] | None = field(default=None, repr=False)

    def rows(self) -> Iterator[RosterRow]:
        """Yield all rows from the first one."""
        if self._rows is None:
            return
        self._rows.seek(0)
        for text in self._rows:
            line, *cells = json.loads(text)
            yield RosterRow(line, cells)

    def position_of(self, column: str) -> int:
        """Return the position of a column, from 0."""
        return self.header.columns.index(column)

    def places(self, lines: LineNumbers) -> str:
        """Return the lines for a message: `roster.csv, lines 3, 4`."""
        return f"{self.name}, {lines.text(self.unit)}"


@contextmanager
def read_roster(
    table: InputTable, header_line: int | None = None, only: Mapping[str, str] | None = None
) -> Iterator[Roster]:
    """Yield the roster in `table`. Raises ImportRefused if no header or no row is found.

    `only` maps a column to a value; rows with another value there are left out.
    The rows are kept in an unnamed temporary file: an input of any size needs little memory, can come from a pipe, and
    does not change between the checks and the import.
    """
    preview = _Preview(table.lines)
    table = replace(table, lines=preview.lines)
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as rows:
        header = header_of(table, header_line)
        roster = Roster(table.name, table.unit, header, preview.seen, notes=table.notes, _rows=rows)
        row_filter = RowFilter(header, only or {})
        roster.unknown_columns = row_filter.unknown
        _store(table, roster, rows, row_filter)
        roster.problems += [header.same_name(places) for places in row_filter.ambiguous]
        if not roster.row_count and not roster.problems:
            raise ImportRefused(row_filter.why_no_row(roster.left_out))
        yield roster


class _Preview:
    """Keeps the first lines that are not blank."""

    def __init__(self, lines: Iterator[TableLine]) -> None:
        self.seen: list[TableLine] = []
        self._source = lines
        for line in lines:
            self.seen.append(line)
            if len(self.seen) == _PREVIEW:
                break
        self.lines = chain(self.seen.copy(), self._source)


def _store(table: InputTable, roster: Roster, rows: IO[str], row_filter: RowFilter) -> None:
    """Write each student's row to `rows`, and add counts, types and problems of the rows to `roster`."""
    width = len(roster.header.columns)
    unnamed = [place for place, column in enumerate(roster.header.columns) if not column]
    too_wide, too_short, below_unnamed = LineNumbers(), LineNumbers(), LineNumbers()
    for line in students(table, roster.header, roster.left_out):
        if not all(map(is_blank, line.cells[width:])):
            too_wide.add(line.number)
            continue
        if len(line.cells) < width and table.unit == "line":
            too_short.add(line.number)
            continue
        cells = [*line.cells[:width], *[""] * (width - len(line.cells))]
        if not row_filter.accepts(line.number, cells, roster.left_out):
            continue
        if any(not is_blank(cells[place]) for place in unnamed):
            below_unnamed.add(line.number)
        _note_types(line, roster)
        rows.write(json.dumps([line.number, *cells]) + "\n")
        roster.row_count += 1
    roster.problems += _layout_problems(roster, too_wide, too_short, below_unnamed)


def _note_types(line: TableLine, roster: Roster) -> None:
    kinds = (
        (line.dates, roster.dates),
        (line.doubtful, roster.doubtful),
        (line.unsaved, roster.unsaved),
        (line.merged, roster.merged),
    )
    for places, lines in kinds:
        for place in places:
            lines[place].add(line.number)
    if line.hidden:
        roster.hidden.add(line.number)


def _layout_problems(
    roster: Roster, too_wide: LineNumbers, too_short: LineNumbers, below_unnamed: LineNumbers
) -> Iterator[str]:
    columns = counted(len(roster.header.columns), "column")
    than_header = f"cells than the {columns} of the header in {roster.unit} {roster.header.line}"
    if too_wide.count:
        yield f"{roster.places(too_wide)}: more {than_header}. A cell with a delimiter must be in quotation marks."
    if too_short.count:
        # Excel leaves out the delimiters at the end of rows if the last cells of 16 rows are blank.
        yield (
            f"{roster.places(too_short)}: fewer {than_header}. A cell with a line break must be in quotation marks. If "
            "blank cells at the end were left out, as Excel does, move a column without blanks to the end."
        )
    if below_unnamed.count:
        yield f"{roster.places(below_unnamed)}: a cell in a column without a name. Name the column, or empty it."
