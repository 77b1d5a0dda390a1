"""docs/runners.md: the commands of each runner, what they print, and the numbers in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "runners.md"
BEFORE = "Before you begin"


@dataclass(frozen=True)
class Step:
    """Commands, and what they print: nothing, where the page shows no output below them."""

    commands: str
    shown: str


@dataclass(frozen=True)
class Section:
    """A runner's part of the page: its steps share one shell, which starts in the folder of the clone."""

    name: str
    steps: Sequence[Step]

    @property
    def script(self) -> str:
        """Return a script that prints U+0000 between the outputs of two steps."""
        return "printf '\\0'\n".join(step.commands for step in self.steps)

    @property
    def needs_postgres(self) -> bool:
        return "psql" in self.script


@dataclass(frozen=True)
class Numbers:
    """What one line of a run shows about a stream, for example `batches|2|8`."""

    stream: str
    received: int
    rows: int


def sections(page: str) -> list[Section]:
    """Return the page's parts that have commands, in order; the first one prepares the shell."""
    parts = [part.partition("\n")[::2] for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]]
    found = [Section(name, _steps(text)) for name, text in parts]
    return [section for section in found if section.steps]


def _steps(text: str) -> list[Step]:
    blocks = re.findall(r"^```sh\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?", text, re.DOTALL | re.MULTILINE)
    return [Step(commands, shown) for commands, shown in blocks]


def numbers(printed: str) -> list[Numbers]:
    """Return the lines `stream|received|rows` of an output."""
    lines = re.findall(r"^(\w+)\|(\d+)\|(\d+)$", printed, re.MULTILINE)
    return [Numbers(stream, int(received), int(rows)) for stream, received, rows in lines]


def runs(outputs: Sequence[str]) -> list[list[Numbers]]:
    """Return the numbers of each run: those of each output that contains any."""
    return [found for found in map(numbers, outputs) if found]
