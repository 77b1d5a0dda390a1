"""Counting what became of the rows, and judging it: when to stop, what to report, how the sync ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from destination_powerschool_enrollment.catalog import StreamId, describe
from destination_powerschool_enrollment.config import FailOnRejectedRow, SkipRejectedRow
from destination_powerschool_enrollment.outcome import Outcome, RowResult
from powerschool_enrollment_api import EnrollmentError, PassingFault

_FIRST_ROWS = 50
_MOST_UNKNOWN = 10
_MOST_REASONS = 100
_SHOWN_REASONS = 5
_SHOWN_ROWS = 3
_OTHER = "other reasons"


class RowsRejected(EnrollmentError):
    """Rows were rejected, so the sync must not count as a success. Only a person can fix it."""


@dataclass
class Reason:
    """One reason, how often it was given, and the first rows it was given for (counted from 1 in their stream)."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass
class StreamReport:
    """What became of one stream's rows."""

    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    whole_reasons: set[int] = field(default_factory=set)

    @property
    def settled(self) -> int:
        """Rows that are done with; unchanged ones are among the accepted."""
        return self.accepted + self.rejected

    def note_rejection(self, number: int, outcome: Outcome) -> bool:
        """Count a rejected row and return whether its reason is new."""
        self.rejected += 1
        if len(self.whole_reasons) < 2:
            self.whole_reasons.add(hash(outcome.reason))
        is_new = outcome.public_reason not in self.reasons
        known = len(self.reasons) < _MOST_REASONS or not is_new
        reason = self.reasons.setdefault(outcome.public_reason if known else _OTHER, Reason())
        reason.count += 1
        reason.rows = sorted([*reason.rows, number])[:_SHOWN_ROWS]  # answers come in any order
        return is_new and known

    @property
    def was_only_rejected_for_one_reason(self) -> bool:
        """Return whether all rows so far were rejected for the same reason."""
        return self.accepted == 0 and (len(self.reasons) == 1 or len(self.whole_reasons) == 1)


class RowReport:
    """Counts all streams. Pure; the caller holds the lock. `only_validates`: an accepted row is not sent."""

    def __init__(self, policy: FailOnRejectedRow | SkipRejectedRow, *, only_validates: bool = False) -> None:
        self._policy = policy
        self._only_validates = only_validates
        self._unknown_in_a_row = 0
        self.streams: dict[StreamId, StreamReport] = {}

    def count(self, stream: StreamId, number: int, outcome: Outcome) -> bool:
        """Count one settled row and return whether it was rejected for a new reason.

        Raises RowsRejected or PassingFault when continuing is pointless.
        """
        tally = self.streams.setdefault(stream, StreamReport())
        self._unknown_in_a_row = self._unknown_in_a_row + 1 if outcome.unknown else 0
        if outcome.result is not RowResult.REJECTED:
            tally.accepted += 1
            tally.unchanged += outcome.result is RowResult.UNCHANGED
            return False
        is_new = tally.note_rejection(number, outcome)
        if tally.rejected == _FIRST_ROWS and tally.was_only_rejected_for_one_reason:
            raise RowsRejected(
                f"Stream {describe(stream)}: the first {_FIRST_ROWS} rows were all rejected for one reason: "
                f"{next(iter(tally.reasons))} That is a wrong configuration rather than wrong data: "
                "the sync stopped there. Check the option imports and the rows' columns."
            )
        if self._unknown_in_a_row == _MOST_UNKNOWN:
            raise PassingFault(
                f"The outcome of {_MOST_UNKNOWN} submissions in a row is unknown: the sync stopped there."
            )
        return is_new

    def final_failure(self) -> RowsRejected | None:
        """Return why the sync fails although every row was tried; None if it does not."""
        rejected = sum(tally.rejected for tally in self.streams.values())
        settled = sum(tally.settled for tally in self.streams.values())
        allowed = self._policy.max_rejected_percent if isinstance(self._policy, SkipRejectedRow) else None
        if rejected * 100 <= settled * (allowed or 0):
            return None
        excess = "" if allowed is None else f", more than max_rejected_percent ({allowed:g}) allows"
        return RowsRejected(
            f"{rejected:,} of {settled:,} rows were rejected{excess}. {self.reasons()} {self._consequence()}"
        )

    def _consequence(self) -> str:
        if self._only_validates:
            return "Nothing was sent. Fix the rows or the field mapping."
        if isinstance(self._policy, SkipRejectedRow):
            return "They were skipped and are not sent again. Fix the rows or the field mapping, then sync them again."
        return (
            "All others were written. No state after the first rejected row was confirmed: the next sync sends the "
            "rows from there again. Fix the rows or the field mapping, or set on_rejected_row to skip."
        )

    def reasons(self) -> str:
        """Return the most frequent reasons as one text."""
        found = sorted(
            ((reason.count, describe(stream), text, reason.rows) for stream, text, reason in self._all_reasons()),
            reverse=True,
        )
        shown = [
            f"{_times(count)}: {text.rstrip('.')} (stream {stream}, row{'s' if count > 1 else ''} {_rows(rows, count)})"
            for count, stream, text, rows in found[:_SHOWN_REASONS]
        ]
        text = "; ".join(shown)
        return text[:1].upper() + text[1:] + ("; and other reasons." if len(found) > _SHOWN_REASONS else ".")

    def _all_reasons(self) -> Iterator[tuple[StreamId, str, Reason]]:
        for stream, tally in self.streams.items():
            for text, reason in tally.reasons.items():
                yield stream, text, reason

    def summary(self) -> list[str]:
        """Return a line for each stream."""
        return [
            f"Stream {describe(stream)}: {tally.settled:,} rows: {self._accepted(tally)}, {tally.rejected:,} rejected."
            for stream, tally in self.streams.items()
        ]

    def _accepted(self, tally: StreamReport) -> str:
        if self._only_validates:
            return f"{tally.accepted:,} fit to be sent"
        return f"{tally.accepted:,} accepted ({tally.unchanged:,} of them unchanged)"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _rows(rows: list[int], count: int) -> str:
    return ", ".join(map(str, rows)) + (", …" if count > len(rows) else "")
