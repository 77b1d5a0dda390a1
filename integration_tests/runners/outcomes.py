"""The outcome of one runner's commands, and a table of all outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integration_tests.runners.page import Numbers, Section, runs
from integration_tests.shown_output import is_shown

HEADER = ("Runner", "Result", "Streams", "Rows expected", "Rows arrived", "Second run: received")


@dataclass(frozen=True)
class Outcome:
    """How the script of a section ended, and what it printed."""

    section: Section
    exit_code: int
    printed: str

    @property
    def outputs(self) -> list[str]:
        return self.printed.split("\0")

    @property
    def failure(self) -> str | None:
        """Return a description of the first step whose output differs from the page, or None."""
        for step, printed in zip(self.section.steps, self.outputs, strict=False):
            if not is_shown(printed, step.shown):
                return f"{step.commands}\nThe page shows:\n{step.shown}\nPrinted:\n{printed}\n{self._end}"
        if len(self.outputs) < len(self.section.steps) or self.exit_code != 0:
            return self._end
        return None

    @property
    def _end(self) -> str:
        return f"Ended with exit code {self.exit_code} in step {len(self.outputs)} of {len(self.section.steps)}."

    @property
    def row(self) -> tuple[str, ...]:
        """Return this runner's row of the table."""
        expected, printed = runs([step.shown for step in self.section.steps]), runs(self.outputs)
        return (
            self.section.name,
            "failed" if self.failure else "passed",
            *_columns(expected, printed),
        )


def _columns(expected: Sequence[Sequence[Numbers]], printed: Sequence[Sequence[Numbers]]) -> tuple[str, str, str, str]:
    shown = expected[0] if expected else ()
    first, again = (printed[index] if len(printed) > index else () for index in (0, 1))
    return (
        _joined([stream.stream for stream in shown]),
        _joined([stream.rows for stream in shown]),
        _joined([stream.rows for stream in first]),
        _joined([f"{stream.received} {stream.stream}" for stream in again]),
    )


def _joined(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return aligned columns under the header."""
    lines = [HEADER, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
