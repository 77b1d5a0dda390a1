"""Counts the outcomes of all rows, and decides when the sync stops early, what it reports and whether it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from destination_powerschool_enrollment.catalog import StreamId, describe
from destination_powerschool_enrollment.config import RejectedRowPolicy, SkipRejectedRow
from destination_powerschool_enrollment.outcome import Outcome, RowResult
from powerschool_enrollment_api import EnrollmentError, PassingFault

_FIRST_ROWS = 50
_MAX_CONSECUTIVE_UNKNOWN = 10
_MAX_REASONS = 100
_SHOWN_REASONS = 5
_SHOWN_ROWS = 3
_OTHER = "other reasons"


class RowsRejected(EnrollmentError):
    """Rows were rejected, so the sync fails. A retry does not help: the user must fix the rows or the options."""


@dataclass
class Reason:
    """How many rows were rejected for one reason, and the numbers of the first ones (from 1 in their stream)."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass
class StreamReport:
    """The outcomes of one stream's rows. Unchanged rows are among the accepted ones."""

    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    complete_reasons: set[int] = field(default_factory=set)  # hashes, because a reason may quote a value

    @property
    def settled(self) -> int:
        """Return how many rows have an outcome."""
        return self.accepted + self.rejected

    def add_rejection(self, number: int, outcome: Outcome) -> bool:
        """Count a rejected row and return whether its reason is new."""
        self.rejected += 1
        if len(self.complete_reasons) < 2:
            self.complete_reasons.add(hash(outcome.reason))
        is_new = outcome.public_reason not in self.reasons
        known = len(self.reasons) < _MAX_REASONS or not is_new
        reason = self.reasons.setdefault(outcome.public_reason if known else _OTHER, Reason())
        reason.count += 1
        reason.rows = sorted([*reason.rows, number])[:_SHOWN_ROWS]  # rows are settled in any order
        return is_new and known

    @property
    def has_only_rejections_for_one_reason(self) -> bool:
        """Return whether all rows until now were rejected for the same reason."""
        return self.accepted == 0 and (len(self.reasons) == 1 or len(self.complete_reasons) == 1)


class RowReport:
    """Counts the outcomes of all streams. Not thread-safe: the caller holds the lock.

    With `only_validates`, accepted rows are not sent.
    """

    def __init__(self, policy: RejectedRowPolicy, *, only_validates: bool = False) -> None:
        self._policy = policy
        self._only_validates = only_validates
        self._consecutive_unknown = 0
        self.streams: dict[StreamId, StreamReport] = {}

    def count(self, stream: StreamId, number: int, outcome: Outcome) -> bool:
        """Count one settled row and return whether it was rejected for a new reason.

        Raises RowsRejected or PassingFault if the sync must stop, because all other rows would fail, too.
        """
        report = self.streams.setdefault(stream, StreamReport())
        self._consecutive_unknown = self._consecutive_unknown + 1 if outcome.unknown else 0
        if outcome.result is not RowResult.REJECTED:
            report.accepted += 1
            report.unchanged += outcome.result is RowResult.UNCHANGED
            return False
        is_new = report.add_rejection(number, outcome)
        self._raise_if_pointless(stream, report)
        return is_new

    def _raise_if_pointless(self, stream: StreamId, report: StreamReport) -> None:
        if report.rejected == _FIRST_ROWS and report.has_only_rejections_for_one_reason:
            raise RowsRejected(
                f"Stream {describe(stream)}: the first {_FIRST_ROWS} rows were all rejected for one reason: "
                f"{next(iter(report.reasons))} That is a wrong configuration rather than wrong data: "
                "the sync stopped there. Check the option imports and the rows' columns."
            )
        if self._consecutive_unknown == _MAX_CONSECUTIVE_UNKNOWN:
            raise PassingFault(
                f"The outcome of {_MAX_CONSECUTIVE_UNKNOWN} submissions in a row is unknown: the sync stopped there."
            )

    def final_failure(self) -> RowsRejected | None:
        """Return the failure of a sync that tried every row; None if it succeeds."""
        rejected = sum(report.rejected for report in self.streams.values())
        settled = sum(report.settled for report in self.streams.values())
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
        """Return the most frequent reasons in one text, with the first rows of each."""
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
        for stream, report in self.streams.items():
            for text, reason in report.reasons.items():
                yield stream, text, reason

    def summary(self) -> list[str]:
        """Return one line per stream."""
        return [f"Stream {describe(stream)}: {self._counts(report)}." for stream, report in self.streams.items()]

    def _counts(self, report: StreamReport) -> str:
        return f"{report.settled:,} rows: {self._accepted(report)}, {report.rejected:,} rejected"

    def _accepted(self, report: StreamReport) -> str:
        if self._only_validates:
            return f"{report.accepted:,} fit to be sent"
        return f"{report.accepted:,} accepted ({report.unchanged:,} of them unchanged)"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _rows(rows: list[int], count: int) -> str:
    return ", ".join(map(str, rows)) + (", …" if count > len(rows) else "")
