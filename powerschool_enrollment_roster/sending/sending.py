"""Sends the rows, and counts their outcomes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

from destination_powerschool_enrollment.config import Config
from destination_powerschool_enrollment.sync import WriteSync
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.roster import Roster
from powerschool_enrollment_roster.screen import Screen
from powerschool_enrollment_roster.sending.destination_settings import write_stream
from powerschool_enrollment_roster.sending.import_report import ImportReport, SentSource
from powerschool_enrollment_roster.sending.rejected_csv import RejectedCsv
from powerschool_enrollment_roster.sending.rejections import Rejections
from powerschool_enrollment_roster.sending.roster_messages import messages_of, settled_row_and_line


@dataclass(frozen=True)
class SendJob:
    """What is sent, with which settings, and where rejected rows are kept."""

    roster: Roster
    sent: SentColumns
    config: Config
    rejected_path: str
    screen: Screen


def send(job: SendJob, report: ImportReport) -> None:
    """Send all rows, and count their outcomes in `report`.

    Raises ImportRefused if the file of rejected rows cannot be created or written, and EnrollmentError; `report` states
    whether rows were sent before.
    """
    with closing(RejectedCsv(job.rejected_path, job.roster.header.columns)) as file:
        rejections = Rejections(job.roster, file, job.screen)
        sync = WriteSync(job.config, [write_stream(job.sent)], rejections)
        report.begin(SentSource(job.roster, sync, rejections, file))
        # The threads that send rows end before the report is printed, whenever a signal arrives.
        with closing(_settled(job, sync)) as settled:
            for row, line in settled:
                report.settled_line = line
                report.settled_row = row


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
