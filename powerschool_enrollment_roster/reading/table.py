"""The result of reading any kind of input: lines of text cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TableLine:
    """One line of the input. `number` is its number in an editor or a spreadsheet program, from 1.

    `dates` has the positions of cells that hold a date, and not merely a text. `doubtful` has the positions of number
    cells whose displayed digits are not known: 123 may be displayed as `00123`.
    """

    number: int
    cells: list[str] = field(repr=False)
    dates: tuple[int, ...] = ()
    doubtful: tuple[int, ...] = ()

    @property
    def filled(self) -> int:
        """Return how many cells are not blank."""
        return sum(not is_blank(cell) for cell in self.cells)


@dataclass(frozen=True)
class InputTable:
    """The lines of an input. `unit` is the word for a line in messages: `line` for a text, `row` for a spreadsheet."""

    lines: Iterator[TableLine]
    unit: str = "line"


def is_blank(cell: str) -> bool:
    """Return whether a cell is empty, or contains only white space."""
    return not cell or cell.isspace()
