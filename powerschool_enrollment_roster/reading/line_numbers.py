"""A list of line numbers for a message: the lowest ones in full, the others counted."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

_SHOWN = 5


class LineNumbers:
    """Line numbers, added in any order. Keeps only those that a message shows."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.count = 0
        self._lowest: list[int] = []
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        """Add a line number."""
        self.count += 1
        insort(self._lowest, number)
        del self._lowest[_SHOWN:]

    def text(self, unit: str) -> str:
        """Return for example `line 4` or `lines 4, 7 and 120 more`. `unit` is `line` or `row`."""
        listed = ", ".join(map(str, self._lowest))
        more = f" and {self.count - _SHOWN:,} more" if self.count > _SHOWN else ""
        return f"{unit}{'s' if self.count > 1 else ''} {listed}{more}"

    def merge(self, other: LineNumbers) -> None:
        """Add all numbers of another list."""
        self.count += other.count
        self._lowest = sorted([*self._lowest, *other._lowest])[:_SHOWN]


def counted(number: int, noun: str) -> str:
    """Return for example `1 row` or `1,200 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
