"""The outcome of a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class RowResult(Enum):
    """Whether a row was accepted, unchanged or rejected."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"  # the roster already contains this row, so it was not sent
    REJECTED = "rejected"


@dataclass(frozen=True)
class Outcome:
    """The result of a row, and why it was rejected.

    `reason` is complete and may quote values of the row, so it goes to the rejected-rows file only. `public_reason`
    contains no values. Reasons of different rows with the same `template` are one reason; it is never shown. `unknown`
    means that the service may have processed the row or not, `was_repeated` that the row was sent more than once.
    """

    result: RowResult
    reason: str = field(default="", repr=False)
    public_reason: str = ""
    template: str = field(default="", repr=False)
    status: int | None = None
    unknown: bool = False
    was_repeated: bool = False


ACCEPTED = Outcome(RowResult.ACCEPTED)
UNCHANGED = Outcome(RowResult.UNCHANGED)


def unfit(reason: str) -> Outcome:
    """Return the rejection of a row that cannot be sent. `reason` must not contain a value of the row."""
    return Outcome(RowResult.REJECTED, reason, reason, reason)
