"""Reads one form's records page by page, from many threads, until nothing is in doubt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.types import Record, StreamSlice

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, NotFound, Page, RecordPages, UnexpectedAnswer
from source_powerschool_enrollment.records.backpressure import Backlog, Room
from source_powerschool_enrollment.records.page_digests import PageDigests, digest_of
from source_powerschool_enrollment.records.page_plan import FormPlan, number_of
from source_powerschool_enrollment.records.row_estimate import RowEstimate
from source_powerschool_enrollment.warning_counter import WarningCounter

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


@dataclass
class RecordStreamRead:
    """What the forms of one stream share during a read. `digests` is None in a full refresh.

    After a failure no page is asked for any more: the stream has failed, and what is wrong with one page is most
    likely wrong with all.
    """

    name: str
    pages: RecordPages
    type_record: Callable[[dict[str, Any], StreamSlice], None]
    tally: WarningCounter
    digests: PageDigests | None
    estimate: RowEstimate
    backlog: Backlog
    # Called after a page's records with whether its form has ended; returns the state if it is time for one.
    after_page: Callable[[bool], Iterable[AirbyteMessage]]
    has_failed: threading.Event = field(default_factory=threading.Event)


class FormReader:
    """One form of one stream.

    `schedule` receives the pages to read next, and an empty list once the form has ended. The page that is closed
    last decides that, so no thread ever waits for another one.
    """

    def __init__(self, stream: RecordStreamRead, form: int, schedule: Callable[[list[int]], None]) -> None:
        self.form = form
        self._stream = stream
        self._schedule = schedule
        self._slice = StreamSlice(partition={"published_action_id": form}, cursor_slice={})
        self._lock = threading.Lock()
        self._plan = FormPlan()
        self._is_planned = False
        self._is_gone = False
        self._open_pages = 1

    def read(self, number: int, room: Room) -> tuple[bytes | None, Iterable[Record]]:
        """Return page `number`'s digest, and the records of it that must be sent on.

        Blocks until the backlog has capacity. The digest is None when there is nothing to remember. Raises
        AirbyteTracedException.
        """
        if self._is_gone or self._stream.has_failed.is_set():
            return None, ()
        try:
            page = self._ask_for(number, room)
        except EnrollmentError as error:
            raise as_traced_exception(error) from None
        if page is None or not page.records:
            return None, ()
        # The time of arrival, not of the room: a page that waited is older than one that arrived in the meantime.
        synced_at = room.arrived_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        if self._stream.digests is None:
            return None, self._typed(self._not_sent_yet(page.records), synced_at)
        digest = digest_of(page.records)
        if self._stream.digests.knows(self.form, number, digest):
            return digest, ()
        return digest, self._typed(page.records, synced_at)

    def close(self, number: int, digest: bytes | None) -> bool:
        """Note that the page's records are all on the queue, and return whether the form has ended with it."""
        if self._stream.digests and digest:
            self._stream.digests.remember(self.form, number, digest)
        with self._lock:
            self._open_pages -= 1
            if self._open_pages:
                return False
            following: list[int] = []
            try:
                following = self._following_pages()
            finally:
                self._open_pages = len(following)
                self._schedule(following)
            return not following

    def fail(self, number: int) -> None:
        """Note that the page could not be read or sent on."""
        self._stream.has_failed.set()
        self.close(number, None)

    def _ask_for(self, number: int, room: Room) -> Page | None:
        """Ask for the page, and take it into account; None for a form that was removed while it was read."""
        with self._lock:
            asked = self._plan.answers
        try:
            page = self._stream.pages.read(self.form, number, opening=room.opening)
        except NotFound:
            if self._stream.pages.is_listed(self.form):
                raise
            self._note_removal()
            return None
        with self._lock:
            reading = self._plan.take(number, page, asked)
            if reading.lacking and not page.records and self._plan.times_read(number) > 1:
                raise UnexpectedAnswer(f"page {number} of {page.page_count} of form {self.form} shows no records.")
        if not self._is_planned:
            self._schedule_after(page)
        return page

    def _schedule_after(self, first: Page) -> None:
        """Have all further pages read by other threads, before this one sends the first page's records on."""
        self._is_planned = True
        further = list(range(2, first.page_count + 1))
        if further:
            self._open_pages += len(further)
            self._schedule(further)
        self._stream.estimate.add(self._expected_rows(first))

    def _expected_rows(self, first: Page) -> int:
        """Return the number of records that will be emitted at least: those beyond the known pages."""
        known = self._stream.digests.page_count(self.form) if self._stream.digests else 0
        return max(0, first.record_count - known * first.size)

    def _typed(self, records: Iterable[dict[str, Any]], synced_at: str) -> Iterator[Record]:
        for record in records:
            self._stream.type_record(record, self._slice)
            record["synced_at"] = synced_at
            yield Record(record, self._stream.name, self._slice)

    def _not_sent_yet(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the records, without those that were shown before if pages are read again."""
        shown = self._plan.shown
        return [record for record in records if number_of(record.get("id")) not in shown] if shown else records

    def _note_removal(self) -> None:
        with self._lock:
            if not self._is_gone:
                self._is_gone = True
                if not self._is_planned:
                    self._stream.estimate.add(0)
                self._stream.tally.count(self._stream.name, "a form was removed during the read")

    def _following_pages(self) -> list[int]:
        """Decide, all pages being closed, which to read again."""
        if self._is_gone:
            return []
        following = self._plan.next_round()
        if self._stream.digests:
            # A record may have changed between two pages that showed it at the same time, and which of its two
            # versions is the newer one is unknown: these pages are sent again, now or the next time.
            self._stream.digests.forget(self.form, self._plan.shared)
        if self._stream.has_failed.is_set():
            return []
        if self._stream.digests:
            self._stream.digests.cut(self.form, self._plan.page_count)
        if not following:
            self._report()
            self._plan = FormPlan()  # its ids are needed no more, while other forms are still read
        return following

    def _report(self) -> None:
        """Warn, with numbers, about pages that may be incomplete."""
        name, plan = self._stream.name, self._plan
        if plan.doubtful:
            logger.warning(
                "%s: form %d kept changing while it was read. Records that moved between pages may be missing: "
                "%d of %d pages are in doubt. The next sync reads them again.",
                name, self.form, len(plan.doubtful), plan.page_count,
            )  # fmt: skip
        if plan.lacking:
            logger.warning(
                "%s: the service counts %d more records in form %d than its pages show.", name, plan.lacking, self.form
            )
