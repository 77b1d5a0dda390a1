"""The outcome of a check, and the outcome that docs/quality.md documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

PASSED, FAILED = "passed", "failed"
NEEDS_A_NETWORK, DOES_NOT_APPLY = "needs a network", "does not apply"
STATUSES = (PASSED, FAILED, NEEDS_A_NETWORK, DOES_NOT_APPLY)
KINDS = ("source", "destination")
Table = Mapping[tuple[str, str], str]  # a check's name and a connector's kind: a status


@dataclass(frozen=True)
class Outcome:
    """One check of one connector."""

    check: str
    kind: str
    status: str
    message: str

    def __str__(self) -> str:
        """Return the outcome as text: one line, or as many as the check's message has."""
        return f"{self.kind:11}  {self.status:15}  {self.check}: {self.message.strip()}"


def documented(page: str) -> Table:
    """Return the statuses in the page's table. A cell holds one, and perhaps a colon and the reason."""
    return {
        (cells[0], kind): cell.partition(":")[0]
        for cells in _rows(page)
        for kind, cell in zip(KINDS, cells[1:], strict=True)
    }


def totals(statuses: Iterable[str]) -> str:
    """Return the numbers as the page's last row shows them: "22 passed, 1 failed"."""
    counts = Counter(statuses)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])


def differences(expected: Table, found: Iterable[Outcome]) -> Iterator[str]:
    """Yield a message for each outcome that differs from the page. A check that needs a network may also pass."""
    outcomes = {(outcome.check, outcome.kind): outcome for outcome in found}
    for check, kind in expected.keys() - outcomes.keys():
        yield f"{kind}: there is no check named {check!r}."
    for (check, kind), outcome in outcomes.items():
        status = expected.get((check, kind), "nothing")
        if outcome.status != status and (status, outcome.status) != (NEEDS_A_NETWORK, PASSED):
            yield f"{kind}: {check!r} {outcome.status}; docs/quality.md states: {status}."


def _rows(page: str) -> Iterator[list[str]]:
    table = page.partition("| Check | Source | Destination |\n")[2].partition("\n\n")[0]
    for line in table.splitlines()[1:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not cells[0].startswith("**"):  # the totals
            yield cells
