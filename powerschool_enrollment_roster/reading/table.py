"""The result of reading any kind of input: lines of text cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from destination_powerschool_enrollment.field_text import trimmed


@dataclass(frozen=True)
class TableLine:
    """One line of the input. `number` is its number in an editor or a spreadsheet program, from 1.

    `dates` has the positions of cells that hold a date, and not merely a text. `doubtful` has the positions of number
    cells whose displayed digits are not known: 123 may be displayed as `00123`. `unsaved` has the positions of formulas
    without a result, and `merged` of cells that are merged with the cell above, which has the value. A spreadsheet
    program does not show a `hidden` line.
    """

    number: int
    cells: list[str] = field(repr=False)
    dates: tuple[int, ...] = ()
    doubtful: tuple[int, ...] = ()
    unsaved: tuple[int, ...] = ()
    merged: tuple[int, ...] = ()
    hidden: bool = False

    @property
    def filled(self) -> int:
        """Return how many cells are not blank."""
        return sum(not is_blank(cell) for cell in self.cells)


@dataclass(frozen=True)
class InputTable:
    """The lines of an input.

    `name` is its name in messages, without a folder: `roster.csv`, `roster.zip/users.csv`, or `roster.xlsx, sheet 'A'`.
    `unit` is the word for a line in messages: `line` for a text, `row` for a spreadsheet. `first_column` is the number
    of a spreadsheet's first column, from 1; it is 0 for other inputs, in which columns have no letters. `notes` are
    sentences for the user, on what was added to the input.
    """

    name: str
    lines: Iterator[TableLine]
    unit: str = "line"
    first_column: int = 0
    notes: tuple[str, ...] = ()


def is_blank(cell: str) -> bool:
    """Return whether a cell is empty, or contains only white space and invisible characters."""
    return not cell or cell.isspace() or (not cell.isascii() and not trimmed(cell))
