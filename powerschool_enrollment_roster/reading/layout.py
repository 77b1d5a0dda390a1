"""Separates the header and the students from other lines: titles, repeated headers, rules, footers, blank lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import dropwhile

from openpyxl.utils import get_column_letter

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.names import match_key
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers, counted
from powerschool_enrollment_roster.reading.table import InputTable, TableLine, is_blank

_FEWEST_COLUMNS_WITH_FOOTER = 3
_RULES = frozenset("-=_ ")


@dataclass(frozen=True)
class Header:
    """The names of the columns; a column without a name has an empty one.

    `place` is where the names are, as in `roster.csv, line 1`; `first_column` is as in InputTable.
    """

    place: str
    line: int
    columns: list[str]
    first_column: int = 0

    @property
    def names(self) -> list[str]:
        """Return the names of the columns that have one."""
        return [name for name in self.columns if name]

    def oneroster_column(self, name: str) -> int | None:
        """Return the position of a column of OneRoster; None if it is missing or the file is not OneRoster's."""
        keys = list(map(match_key, self.columns))
        return keys.index(match_key(name)) if {"sourcedid", match_key(name)} <= set(keys) else None

    @cached_property
    def repeated(self) -> dict[str, list[int]]:
        """Return the positions of columns with the same name, by match key."""
        places = defaultdict(list)
        for place, name in enumerate(self.columns):
            if name:
                places[match_key(name)].append(place)
        return {key: same for key, same in places.items() if len(same) > 1}

    def same_name(self, places: Iterable[int]) -> str:
        """Return the problem of columns with the same name.

        It states their positions instead of the name: if the file has no header, the name is a student's value.
        """
        return (
            f"{self.place}: the columns {self.labels(places)} have the same name: rename or remove all but one, or "
            "leave all out with --ignore COLUMN."
        )

    def labels(self, columns: Iterable[int]) -> str:
        """Return what users call the columns at these positions, from 0: letters in a spreadsheet, else numbers."""
        first = self.first_column
        return ", ".join(get_column_letter(place + first) if first else str(place + 1) for place in columns)


@dataclass
class LeftOut:
    """The lines below the header that are not students."""

    repeated_headers: LineNumbers = field(default_factory=LineNumbers)
    rules: LineNumbers = field(default_factory=LineNumbers)
    footers: LineNumbers = field(default_factory=LineNumbers)
    not_chosen: LineNumbers = field(default_factory=LineNumbers)
    deleted: LineNumbers = field(default_factory=LineNumbers)

    def texts(self, unit: str) -> Iterator[str]:
        """Yield what was left out and where."""
        kinds = {
            "repeat the header": self.repeated_headers,
            "contain only a rule such as ---": self.rules,
            "have only one cell, at the end of the file, like a footer": self.footers,
            "are not chosen by --only": self.not_chosen,
        }
        for what, lines in kinds.items():
            if lines.count:
                yield f"Left out, because they {what}: {lines.text(unit)}."
        if self.deleted.count:
            yield (
                "Left out, because OneRoster marks them for deletion (status tobedeleted): "
                f"{counted(self.deleted.count, 'row')}, {self.deleted.text(unit)}. An import does not delete students: "
                "remove them in PowerSchool Enrollment."
            )


def header_of(table: InputTable, wanted: int | None) -> Header:
    """Take the header from the table: line `wanted`, else the first line that is not blank. Raises ImportRefused."""
    lines, unit = table.lines, table.unit
    if wanted is not None:
        lines = dropwhile(lambda line: line.number < wanted, lines)
    line = next((line for line in lines if wanted is not None or line.filled), None)
    if line is None or not line.filled or (wanted is not None and line.number != wanted):
        is_missing = f"--header-line {wanted}: {table.name} has no such {unit}, or it is blank"
        problem = is_missing if wanted else f"{table.name} is empty"
        raise ImportRefused(f"{problem}. A roster has a {unit} with the columns' names, and a {unit} for each student.")
    columns = [" ".join(cell.split()) for cell in line.cells]
    while not columns[-1]:
        columns.pop()
    place = f"{table.name}, {unit} {line.number}" if line.number else table.name  # a query's names are above row 1
    return Header(place, line.number, columns, table.first_column)


def students(table: InputTable, header: Header, left_out: LeftOut) -> Iterator[TableLine]:
    """Yield the lines of students, and add the others to `left_out`. Blank lines are skipped."""
    names = [match_key(name) for name in header.columns]
    for line in _without_footers(table.lines, header, left_out):
        if [match_key(cell) for cell in line.cells[: len(names)]] == names:
            left_out.repeated_headers.add(line.number)
        elif _is_rule(line):
            left_out.rules.add(line.number)
        else:
            yield line


def _without_footers(lines: Iterable[TableLine], header: Header, left_out: LeftOut) -> Iterator[TableLine]:
    """Yield the lines that are not blank, without those at the end that have a single cell."""
    has_footers = len(header.names) >= _FEWEST_COLUMNS_WITH_FOOTER
    waiting: list[TableLine] = []
    for line in lines:
        if line.filled == 1 and has_footers:
            waiting.append(line)
        elif line.filled:
            yield from waiting
            waiting.clear()
            yield line
    for line in waiting:
        left_out.footers.add(line.number)


def _is_rule(line: TableLine) -> bool:
    filled = [cell for cell in line.cells if not is_blank(cell)]
    return len(filled) > 1 and all(_RULES.issuperset(cell) for cell in filled)
