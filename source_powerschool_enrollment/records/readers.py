"""The partitions of a record stream: readers that share one queue of pages.

A stream has a fixed number of readers, so generating partitions never waits for a page to be read. A reader waits only
for pages that other readers are reading at that moment. The CDK may therefore read partitions and generate them on any
number of threads, even on one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator

from source_powerschool_enrollment.cdk_seams import PartitionOutput
from source_powerschool_enrollment.context import PublishedActionIds
from source_powerschool_enrollment.records.form_reader import FormReader, RecordStreamRead
from source_powerschool_enrollment.records.look_ups import LookUpContext, LookUps


class QueuedRead(Protocol):
    """A page to read, or a record to look up."""

    def read(self) -> Iterator[PartitionOutput]:
        """Yield records and states."""
        ...


class PageQueue:
    """The pages of one stream that have to be read, at first the first page of each form. Thread-safe.

    With the option `detect_removed_records`, look-ups follow when all pages are read and none has failed.
    """

    def __init__(self, stream: RecordStreamRead, forms: PublishedActionIds) -> None:
        stream.estimate.expect(len(forms.selected))
        self._stream = stream
        self._forms = forms
        self._changed = threading.Condition()
        self._pages: deque[QueuedRead] = deque(
            RecordPage(stream, FormReader(stream, form), 1, self) for form in forms.selected
        )
        self._under_way = 0
        self._are_pages_read = False
        self._is_closed = False
        stream.backlog.when_closed(self.close)

    def take(self) -> QueuedRead | None:
        """Return the next page or look-up, which the caller must finish. Returns None once all are finished.

        Waits while other threads read pages, which may add more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._pages or not self._under_way or self._is_closed)
            if not self._pages and not self._is_closed:
                self._add_look_ups()
            if self._is_closed or not self._pages:
                return None
            self._under_way += 1
            return self._pages.popleft()

    def _add_look_ups(self) -> None:
        """Append the look-ups, once. A failed stream has none: the pages that failed may show the records."""
        stream, is_first_call, self._are_pages_read = self._stream, not self._are_pages_read, True
        if not is_first_call or stream.has_failed.is_set() or not stream.cursor or not stream.cursor.ids:
            return
        context = LookUpContext(
            stream.name, stream.sync, stream.pages, stream.cursor, stream.cursor.ids, stream.backlog, stream.clock
        )
        look_ups = LookUps(context, self._forms)
        self._pages.extend(RecordLookUp(look_ups, record_id, self) for record_id in look_ups.record_ids)
        self._changed.notify_all()

    def add(self, pages: Iterable[RecordPage]) -> None:
        """Append pages."""
        with self._changed:
            self._pages.extend(pages)
            self._changed.notify_all()

    def finish(self) -> None:
        """Note that a page which was taken needs no more work."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let `take` return None in all waiting threads, because the consumer of the records has stopped."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class RecordPage:
    """One page of one form, to be read once."""

    def __init__(self, stream: RecordStreamRead, form: FormReader, number: int, queue: PageQueue) -> None:
        self._stream = stream
        self._form = form
        self._number = number
        self._queue = queue

    def read(self) -> Iterator[PartitionOutput]:
        """Yield the page's records unless they were emitted before, then the stream's state if it must be emitted."""
        try:
            yield from self._records_and_state()
        finally:
            self._queue.finish()

    def _records_and_state(self) -> Iterator[PartitionOutput]:
        try:
            with self._stream.backlog.room(self._stream.clock.now) as room:
                page = self._form.read(self._number, room)
                self._add(page.further)  # before the records, so that other threads can read on
                if self._stream.cursor and page.is_changed:
                    yield from self._stream.cursor.before_changed_page(self._form.form, self._number)
                yield from room.forward(page.records)
        except Exception:
            self._form.fail(self._number)
            raise
        again = self._form.close(self._number, page.digest)
        self._add(again or ())
        if self._stream.cursor:
            yield from self._stream.cursor.after_page(form_ended=again == [])

    def _add(self, numbers: Iterable[int]) -> None:
        self._queue.add(RecordPage(self._stream, self._form, number, self._queue) for number in numbers)


class RecordLookUp:
    """One record that no page shows any more, to be looked up once."""

    def __init__(self, look_ups: LookUps, record_id: int, queue: PageQueue) -> None:
        self._look_ups = look_ups
        self._record_id = record_id
        self._queue = queue

    def read(self) -> Iterator[PartitionOutput]:
        """Yield a tombstone if the record was removed, then the stream's state if it must be emitted."""
        try:
            yield from self._look_ups.look_up(self._record_id)
        finally:
            self._queue.finish()


class RecordReader(Partition):
    """Reads pages from the queue until none is left."""

    def __init__(self, stream_name: str, queue: PageQueue) -> None:
        self._stream_name = stream_name
        self._queue = queue

    def read(self) -> Iterator[Any]:  # PartitionOutput
        """Yield records and states.

        After a failure the remaining pages are still taken and closed, but not requested: closing a form's last page
        decides which pages its state forgets.
        """
        try:
            while page := self._queue.take():
                yield from page.read()
        except Exception:
            yield from self.read()
            raise

    def to_slice(self) -> Mapping[str, Any]:
        """Return an empty slice: a reader reads pages of any form."""
        return {}

    def stream_name(self) -> str:
        """Return the stream's name."""
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


class RecordReaders(PartitionGenerator):
    """Requests the forms, and generates the readers of one stream."""

    def __init__(self, stream: RecordStreamRead, forms: Callable[[], PublishedActionIds], readers: int) -> None:
        self._stream = stream
        self._forms = forms
        self._readers = readers

    def generate(self) -> Iterator[Partition]:
        """Yield the readers."""
        queue = PageQueue(self._stream, self._forms())
        for _ in range(self._readers):
            yield RecordReader(self._stream.name, queue)
