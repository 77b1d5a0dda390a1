"""Counts the outcomes of all rows, and decides when the sync stops early, what it reports and whether it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from destination_powerschool_enrollment.catalog import StreamId, describe
from destination_powerschool_enrollment.config import RejectedRowPolicy, SkipRejectedRow
from destination_powerschool_enrollment.redaction import ELLIPSIS
from destination_powerschool_enrollment.send_row import Outcome, RowResult
from powerschool_enrollment_api import EnrollmentError, TemporaryFailure

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
    """The outcomes of one stream's rows. `accepted` includes the unchanged rows."""

    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: dict[str, Reason] = field(default_factory=dict)
    _by_template: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def settled(self) -> int:
        """Return how many rows have an outcome."""
        return self.accepted + self.rejected

    def add_rejection(self, number: int, outcome: Outcome) -> bool:
        """Count a rejected row and return whether its reason is new."""
        self.rejected += 1
        text = self._known_text(outcome)
        is_new = text not in self.reasons
        is_listed = len(self.reasons) < _MAX_REASONS or not is_new
        if is_listed:
            self._by_template.setdefault(outcome.template, text)
        reason = self.reasons.setdefault(text if is_listed else _OTHER, Reason())
        reason.count += 1
        reason.rows = sorted([*reason.rows, number])[:_SHOWN_ROWS]  # rows are settled in any order
        return is_new and is_listed

    def _known_text(self, outcome: Outcome) -> str:
        """Return the text of an earlier reason with the same text or template, else the text of this one.

        Texts with the same template differ if a word is a value of one row only, for example the middle initial A.
        """
        if outcome.public_reason in self.reasons:
            return outcome.public_reason
        return self._by_template.get(outcome.template, outcome.public_reason)


class RowReport:
    """Counts the outcomes of all streams. Not thread-safe: the caller holds the lock.

    With `only_validates`, accepted rows are not sent. With `keeps_rows`, a file contains the rejected rows.
    """

    def __init__(self, policy: RejectedRowPolicy, *, only_validates: bool = False, keeps_rows: bool = False) -> None:
        self._policy = policy
        self._keeps_rows = keeps_rows
        self._only_validates = only_validates
        self._consecutive_unknown = 0
        self.streams: dict[StreamId, StreamReport] = {}

    def count(self, stream: StreamId, number: int, outcome: Outcome) -> bool:
        """Count one settled row and return whether it was rejected for a new reason.

        Raises RowsRejected or TemporaryFailure if the sync must stop, because all other rows would fail, too.
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
        if report.rejected == _FIRST_ROWS and not report.accepted:
            raise RowsRejected(
                f"Stream {describe(stream)}: the first {_FIRST_ROWS} rows were all rejected"
                f"{self._common_reasons(stream, report)} The configuration is probably wrong, and not the rows: "
                "the sync stopped there. Check the option imports and the rows' columns."
            )
        if self._consecutive_unknown == _MAX_CONSECUTIVE_UNKNOWN:
            raise TemporaryFailure(
                f"The outcome of {_MAX_CONSECUTIVE_UNKNOWN} submissions in a row is unknown: the sync stopped there."
            )

    def _common_reasons(self, stream: StreamId, report: StreamReport) -> str:
        if len(report.reasons) > 1:
            return f". {self.reasons(stream)}"
        (reason,) = report.reasons
        return f" for one reason: {reason} {self.place_of_full_reason(reason)}".rstrip()

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

    def reasons(self, only: StreamId | None = None) -> str:
        """Return the most frequent reasons in one text, with the first rows of each: of all streams, or of one."""
        found = sorted(
            ((reason.count, describe(stream), text, reason.rows) for stream, text, reason in self._all_reasons(only)),
            reverse=True,
        )
        shown = [
            f"{_times(count)}: {text.rstrip('.')} (stream {stream}, row{'s' if count > 1 else ''} {_rows(rows, count)})"
            for count, stream, text, rows in found[:_SHOWN_REASONS]
        ]
        text = "; ".join(shown)
        text = text[:1].upper() + text[1:] + ("; and other reasons." if len(found) > _SHOWN_REASONS else ".")
        texts = "".join(text for _, _, text, _ in found[:_SHOWN_REASONS])
        return f"{text} {self.place_of_full_reason(texts)}".rstrip()

    def place_of_full_reason(self, reason: str) -> str:
        """Return where the full text of a redacted reason is kept; an empty text for a reason that is not redacted."""
        if ELLIPSIS not in reason:
            return ""
        if self._keeps_rows:
            return "The rejected_rows_file has the full reason."
        return "Set rejected_rows_file to keep the full reason."

    def _all_reasons(self, only: StreamId | None) -> Iterator[tuple[StreamId, str, Reason]]:
        for stream, report in self.streams.items():
            for text, reason in report.reasons.items() if only in {None, stream} else ():
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
