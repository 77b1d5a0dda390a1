"""Reads one form's records page by page, from many threads, until no page is in doubt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, NotFound, Page, RecordPages, UnexpectedAnswer, located
from source_powerschool_enrollment.context import SyncContext
from source_powerschool_enrollment.record_types import RecordTypes
from source_powerschool_enrollment.records.backpressure import Backlog, Room
from source_powerschool_enrollment.records.page_plan import FormPlan
from source_powerschool_enrollment.records.page_state import PageCursor, digest_of
from source_powerschool_enrollment.records.row_estimate import RowEstimate
from source_powerschool_enrollment.records.sync_clock import SyncClock, text_of

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


@dataclass
class RecordStreamRead:
    """What the forms of one stream share during a read. `cursor` is None in a full refresh.

    After a failure no further page is requested: the stream has failed, and other pages would most likely fail for the
    same reason.
    """

    name: str
    sync: SyncContext
    pages: RecordPages
    types: RecordTypes
    cursor: PageCursor | None
    estimate: RowEstimate
    backlog: Backlog
    clock: SyncClock = field(default_factory=SyncClock)
    has_failed: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class ReadPage:
    """The records of a page to emit, its digest if it must be remembered, and the further pages that it announced."""

    records: Iterable[Record] = ()
    digest: bytes | None = None
    further: tuple[int, ...] = ()
    is_changed: bool = False


class FormReader:
    """One form of one stream. The thread that closes the last open page decides which pages are read again."""

    def __init__(self, stream: RecordStreamRead, form: int) -> None:
        self.form = form
        self._stream = stream
        self._digests = stream.cursor.digests if stream.cursor else None
        self._ids = stream.cursor.ids if stream.cursor else None
        self._slice = StreamSlice(partition={"published_action_id": form}, cursor_slice={})
        self._lock = threading.Lock()
        self._plan = FormPlan()
        self._is_planned = False
        self._is_removed = False
        self._open_pages = 1

    def read(self, number: int, room: Room) -> ReadPage:
        """Request page `number`. Blocks until the backlog has capacity. Raises AirbyteTracedException."""
        if self._is_removed or self._stream.has_failed.is_set():
            return ReadPage()
        try:
            page = self._requested(number, room)
        except EnrollmentError as error:
            raise as_traced_exception(error) from None
        if page is None:
            return ReadPage()
        further = () if self._is_planned else self._plan_after(page)
        # The time when the page arrived. If it waited for room, it is older than a page that arrived in the meantime.
        synced_at = text_of(room.arrived_at)
        if self._digests is None or not page.records:
            return ReadPage(self._typed(self._not_emitted_yet(page.records), synced_at), None, further)
        digest = digest_of(page.records)
        if self._digests.knows(self.form, number, digest):
            return ReadPage((), digest, further)
        self._stream.clock.use(room.arrived_at)
        return ReadPage(self._typed(page.records, synced_at), digest, further, is_changed=True)

    def close(self, number: int, digest: bytes | None) -> list[int] | None:
        """Note that all records of the page are on the queue.

        Returns None while other pages of the form are open, otherwise the pages to read again. The list is empty if
        the form is finished.
        """
        if self._digests and digest:
            self._digests.remember(self.form, number, digest)
        with self._lock:
            self._open_pages -= 1
            if self._open_pages:
                return None
            try:
                with located(f"GET {self._stream.pages.path(self.form)}"):
                    following = self._following_pages()
            except EnrollmentError as error:
                self._stream.has_failed.set()
                raise as_traced_exception(error) from None
            self._open_pages = len(following)
            return following

    def fail(self, number: int) -> None:
        """Note that the page could not be read or emitted."""
        self._stream.has_failed.set()
        with suppress(AirbyteTracedException):  # the page's own error is raised
            self.close(number, None)

    def _requested(self, number: int, room: Room) -> Page | None:
        """Request the page and add it to the plan. Returns None for a form that was removed during the read."""
        with self._lock:
            requested_after = self._plan.answers
        try:
            page = self._stream.pages.read(self.form, number, opening=room.opening)
        except NotFound:
            if self._stream.pages.is_listed(self.form):
                raise
            self._note_removal()
            return None
        records = self._stream.types.with_ids(page.records)
        without_id = len(page.records) - len(records)
        self._stream.sync.count_without_id(self._stream.name, without_id, f"form {self.form}, page {number}")
        with self._lock:
            reading = self._plan.take(number, page, requested_after)
            if reading.lacking and not page.records and self._plan.times_read(number) > 1:
                raise UnexpectedAnswer(f"page {number} of {page.page_count} of form {self.form} shows no records.")
        if self._ids:
            self._ids.note_shown(self.form, reading.ids)
        return replace(page, records=records if reading.ids else [])

    def _plan_after(self, first: Page) -> tuple[int, ...]:
        """Return the pages after the first one, which other threads read while this one emits the first page."""
        self._is_planned = True
        further = tuple(range(2, self._plan.page_count + 1))
        self._open_pages += len(further)
        self._stream.estimate.add(self._expected_rows(first))
        return further

    def _expected_rows(self, first: Page) -> int:
        """Return the lowest number of records that will be emitted: those beyond the known pages."""
        known = self._digests.page_count(self.form) if self._digests else 0
        return max(0, first.record_count - known * first.size)

    def _typed(self, records: Iterable[dict[str, Any]], synced_at: str) -> Iterator[Record]:
        on_unreadable = partial(self._stream.sync.count_unreadable, self._stream.name)
        for record in records:
            record["published_action_id"] = self.form
            self._stream.types.apply(record, on_unreadable)
            record["synced_at"] = synced_at
            yield Record(record, self._stream.name, self._slice)

    def _not_emitted_yet(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the records that no earlier round has emitted."""
        shown = self._plan.shown
        return [record for record in records if record["id"] not in shown] if shown else records

    def _note_removal(self) -> None:
        with self._lock:
            if not self._is_removed:
                self._is_removed = True
                if not self._is_planned:
                    self._stream.estimate.add(0)
                self._stream.sync.warnings.count(self._stream.name, "a form was removed during the read")

    def _following_pages(self) -> list[int]:
        """Return the pages to read again. Called when all pages are closed."""
        if self._is_removed:
            return []
        following = self._plan.next_round()
        if self._digests:
            # If two pages contain the same record, it may have changed in between, and it is unknown which version
            # is newer. So these pages are emitted again, in this sync or in the next one.
            self._digests.forget(self.form, self._plan.shared)
        if self._stream.has_failed.is_set():
            return []
        if self._digests:
            self._digests.cut(self.form, self._plan.page_count)
        if not following:
            self._report()
            if self._ids and not self._plan.doubtful:
                self._ids.note_complete(self.form)
            self._plan = FormPlan()  # frees the ids while other forms are still read
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
        if plan.unlisted > 0:
            logger.warning(
                "%s: the service counts %d records in form %d, and its pages show %d.",
                name, plan.counted, self.form, plan.counted - plan.unlisted,
            )  # fmt: skip
