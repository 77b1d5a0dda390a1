"""What an import has done so far. It is printed at every ending, also after an unexpected failure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from destination_powerschool_enrollment.row_report import StreamReport
from destination_powerschool_enrollment.sync import WriteSync
from powerschool_enrollment_roster.endings import ExitCode
from powerschool_enrollment_roster.reading.line_numbers import counted
from powerschool_enrollment_roster.reading.roster import Roster
from powerschool_enrollment_roster.sending.destination_settings import STREAM
from powerschool_enrollment_roster.sending.rejected_csv import RejectedCsv
from powerschool_enrollment_roster.sending.rejections import Rejections

_SAFE_AGAIN = "Running the import again is safe: a row that was accepted is only written again with the same values."
_NOTHING_WRITTEN = "Nothing was written."


@dataclass(frozen=True)
class SentSource:
    """Where the outcomes of the rows are counted while they are sent."""

    roster: Roster
    sync: WriteSync
    rejections: Rejections
    file: RejectedCsv

    @property
    def counts(self) -> StreamReport:
        """Return the outcomes so far."""
        return self.sync.report.streams.get((None, STREAM), StreamReport())


class ImportReport:
    """The outcomes of the rows. `settled_row` and `settled_line` are the last ones before which all have an outcome."""

    def __init__(self) -> None:
        self._source: SentSource | None = None
        self._began = 0.0
        self.settled_row = 0
        self.settled_line = 0

    @property
    def has_begun(self) -> bool:
        """Return whether rows may have been sent."""
        return self._source is not None

    def begin(self, source: SentSource) -> None:
        """Count the rows of `source` from now on. Call it before the first row is sent."""
        self._source = source
        self._began = time.monotonic()

    @property
    def code(self) -> ExitCode:
        """Return the exit code of an import that has tried every row."""
        has_rejected = self._source is not None and self._source.file.rows
        return ExitCode.SOME_REJECTED if has_rejected else ExitCode.ACCEPTED

    def completed(self) -> Iterator[str]:
        """Yield the lines of an import that has tried every row."""
        if self._source is None:
            return
        counts, seconds = self._source.counts, time.monotonic() - self._began
        written = counts.accepted - counts.unchanged
        rate = f" {counted(written, 'row')} in {seconds:.1f} s: {written / seconds:,.0f} rows/s." if written else ""
        yield f"{counted(self._source.roster.row_count, 'row')}: {_outcomes(counts)}.{rate}"
        yield from _rejected(self._source)

    def so_far(self) -> Iterator[str]:
        """Yield the lines of an import that failed or was stopped."""
        if self._source is None:
            yield _NOTHING_WRITTEN
            return
        roster, counts, unknown = self._source.roster, self._source.counts, self._source.sync.sent.without_outcome
        yield f"Of {counted(roster.row_count, 'row')}: {_outcomes(counts)}."
        if self.settled_row:
            yield f"All rows of {roster.name} up to {roster.unit} {self.settled_line} have an outcome."
        if unknown:
            yield f"{counted(unknown, 'more row')} may have been written, too: no answer arrived."
        yield _SAFE_AGAIN if counts.accepted - counts.unchanged + unknown else _NOTHING_WRITTEN
        yield from _rejected(self._source)


def _outcomes(counts: StreamReport) -> str:
    unchanged = f" ({counts.unchanged:,} of them unchanged and not sent)" if counts.unchanged else ""
    return f"{counts.accepted:,} accepted{unchanged}, {counts.rejected:,} rejected"


def _rejected(source: SentSource) -> Iterator[str]:
    yield from source.rejections.summary()
    if source.file.rows:
        rows = counted(source.file.rows, "rejected row")
        yield f"{rows}, with the full reasons, in {source.file.path}: fix them, and import that file."
