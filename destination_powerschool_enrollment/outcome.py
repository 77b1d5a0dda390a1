"""What became of a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class RowResult(Enum):
    """The ways in which a row is settled."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"  # already in the roster as it is, therefore not sent
    REJECTED = "rejected"


@dataclass(frozen=True)
class Outcome:
    """How a row was settled.

    `reason` is whole and may quote the row's values: it is for the rejected-rows file alone. `public_reason`
    holds no value. `unknown`: it is not known whether the service processed the row.
    """

    result: RowResult
    reason: str = field(default="", repr=False)
    public_reason: str = ""
    status: int | None = None
    unknown: bool = False


ACCEPTED = Outcome(RowResult.ACCEPTED)
UNCHANGED = Outcome(RowResult.UNCHANGED)


def unfit(reason: str) -> Outcome:
    """Return the rejection of a row that was not sent; `reason` holds no value."""
    return Outcome(RowResult.REJECTED, reason, reason)
