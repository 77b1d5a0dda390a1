"""Sends the rows, and reports their outcomes at the end, also after a failure or a stop."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from destination_powerschool_enrollment.config import Config
from destination_powerschool_enrollment.row_report import RowsRejected, StreamReport
from destination_powerschool_enrollment.sync import WriteSync
from powerschool_enrollment_api import EnrollmentError
from powerschool_enrollment_roster.endings import ExitCode, ImportRefused
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.line_numbers import counted
from powerschool_enrollment_roster.reading.roster import Roster
from powerschool_enrollment_roster.screen import Screen
from powerschool_enrollment_roster.sending.destination_settings import STREAM, write_stream
from powerschool_enrollment_roster.sending.guidance import text_of
from powerschool_enrollment_roster.sending.rejected_csv import RejectedCsv
from powerschool_enrollment_roster.sending.rejections import Rejections
from powerschool_enrollment_roster.sending.roster_messages import messages_of, settled_row_and_line

_SAFE_AGAIN = "Running the import again is safe: a row that was accepted is only written again with the same values."
_WRONG_FIELDS = "The columns probably go to the wrong fields: look at them with --dry-run."


@dataclass(frozen=True)
class SendJob:
    """What is sent, with which settings, and where rejected rows are kept."""

    roster: Roster
    sent: SentColumns
    config: Config
    rejected_path: str
    screen: Screen


def send(job: SendJob) -> ExitCode:
    """Send all rows, report their outcomes, and return the exit code.

    Raises ImportRefused if the file of rejected rows cannot be created. Raises EnrollmentError before the first row is
    sent; later errors are reported.
    """
    with closing(RejectedCsv(job.rejected_path, job.roster.header.columns)) as file:
        rejections = Rejections(job.roster, file, job.screen)
        sync = WriteSync(job.config, [write_stream(job.sent)], rejections)
        ending = _Ending(job, sync, rejections, file)
        # The threads that send rows end before the report, whenever a signal arrives.
        with ending.reported(), closing(_settled(job, sync)) as settled:
            for row, line in settled:
                ending.settled_line = line
                ending.settled_rows = row
        return ending.code


def _settled(job: SendJob, sync: WriteSync) -> Generator[tuple[int, int], None, None]:
    """Yield the row and the line up to which all rows have an outcome."""
    roster = job.roster
    with (
        job.screen.progress(roster.row_count) as bar,
        closing(sync.write(messages_of(roster, job.sent))) as states,
    ):
        for message in states:
            row, line = settled_row_and_line(message)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=row)
            yield row, line


class _Ending:
    """Reports the outcome of the rows when the import ends."""

    def __init__(self, job: SendJob, sync: WriteSync, rejections: Rejections, file: RejectedCsv) -> None:
        self._roster = job.roster
        self._screen = job.screen
        self._sync = sync
        self._rejections = rejections
        self._file = file
        self._began = time.monotonic()
        self.code = ExitCode.FAILED
        self.settled_line = 0
        self.settled_rows = 0

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Print the outcome of the rows at the end, and set `code`."""
        try:
            yield
        except RowsRejected:
            self._report_stop(
                ExitCode.FAILED, f"The first rows were all rejected, so the import stopped. {_WRONG_FIELDS}"
            )
        except EnrollmentError as error:
            self._report_stop(ExitCode.FAILED, text_of(error))
        except ImportRefused as error:  # the file of rejected rows cannot be written
            self._report_stop(ExitCode.FAILED, str(error))
        except KeyboardInterrupt:
            self._report_stop(ExitCode.STOPPED, "The import was stopped.")
        else:
            self.code = ExitCode.SOME_REJECTED if self._file.rows else ExitCode.ACCEPTED
            self._print([self._completed(), *self._rejected()])

    @property
    def _counts(self) -> StreamReport:
        return self._sync.report.streams.get((None, STREAM), StreamReport())

    def _report_stop(self, code: ExitCode, reason: str) -> None:
        self.code = code
        self._print([reason, *self._outcome_so_far(), *self._rejected()], style="red")

    def _print(self, lines: list[str], style: str | None = None) -> None:
        try:
            self._screen.print("\n".join(lines), style=style)
        except KeyboardInterrupt:  # the reader of standard output is gone: the screen is standard error now
            self._screen.print("\n".join(lines), style=style)

    def _completed(self) -> str:
        counts, seconds = self._counts, time.monotonic() - self._began
        written = counts.accepted - counts.unchanged
        rate = f" {counted(written, 'row')} in {seconds:.1f} s: {written / seconds:,.0f} rows/s." if written else ""
        return f"{counted(self._roster.row_count, 'row')}: {_outcomes(counts)}.{rate}"

    def _outcome_so_far(self) -> Iterator[str]:
        counts, unknown = self._counts, self._sync.sent.without_outcome
        yield f"Of {counted(self._roster.row_count, 'row')}: {_outcomes(counts)}."
        if self.settled_rows:
            yield f"All rows of {self._roster.name} up to {self._roster.unit} {self.settled_line} have an outcome."
        if unknown:
            yield f"{counted(unknown, 'more row')} may have been written, too: no answer arrived."
        yield _SAFE_AGAIN if counts.accepted - counts.unchanged + unknown else "Nothing was written."

    def _rejected(self) -> Iterator[str]:
        yield from self._rejections.summary()
        if self._file.rows:
            rows = counted(self._file.rows, "rejected row")
            yield f"{rows}, with the full reasons, in {self._file.path}: fix them, and import that file."


def _outcomes(counts: StreamReport) -> str:
    unchanged = f" ({counts.unchanged:,} of them unchanged and not sent)" if counts.unchanged else ""
    return f"{counts.accepted:,} accepted{unchanged}, {counts.rejected:,} rejected"
