"""The partitions of a record stream: one per page, generated as first pages and changes require them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import Any, TypeAlias

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator

from source_powerschool_enrollment.records.form_reader import FormReader, RecordStreamRead


class RecordPage(Partition):
    """One page of one form, to be read once."""

    def __init__(self, stream: RecordStreamRead, form: FormReader, number: int) -> None:
        self._stream = stream
        self._form = form
        self._number = number

    def read(self) -> Iterator[Any]:
        """Yield the page's records, unless they are known already, then the stream's state, if it is time for it.

        When the records are all on the queue the page is closed; the last page of a form settles it.
        """
        try:
            with self._stream.backlog.room() as room:
                digest, records = self._form.read(self._number, room)
                yield from room.hand_on(records)
        except Exception:
            self._form.fail(self._number)
            raise
        yield from self._stream.after_page(self._form.close(self._number, digest))

    def to_slice(self) -> Mapping[str, Any]:
        """Return what the log at level DEBUG shows."""
        return {"published_action_id": self._form.form, "page": self._number}

    def stream_name(self) -> str:
        """Return the stream's name."""
        return self._stream.name

    def __hash__(self) -> int:
        return id(self)


# Pages to read; none where a form has ended, and None where the reader has.
_Scheduled: TypeAlias = "SimpleQueue[list[RecordPage] | None]"


class RecordPartitions(PartitionGenerator):
    """Yields the first page of each form, then the pages that the forms schedule, until all forms or the reader end.

    It waits for other threads, in a separate thread: the CDK lets at most half of its threads generate partitions, so
    there is always one that reads them.
    """

    def __init__(self, stream: RecordStreamRead, forms: Callable[[], Iterable[int]]) -> None:
        self._stream = stream
        self._forms = forms

    def generate(self) -> Iterable[Partition]:
        """Return the partitions."""
        scheduled: _Scheduled = SimpleQueue()
        forms = [self._form_read(form, scheduled) for form in self._forms()]
        self._stream.estimate.expect(len(forms))
        yield from (RecordPage(self._stream, form, 1) for form in forms)
        open_forms = len(forms)
        self._stream.backlog.when_closed(lambda: scheduled.put(None))
        while open_forms and (pages := scheduled.get()) is not None:
            open_forms -= not pages
            yield from pages

    def _form_read(self, form: int, scheduled: _Scheduled) -> FormReader:
        def schedule(numbers: list[int]) -> None:
            scheduled.put([RecordPage(self._stream, read, number) for number in numbers])

        read = FormReader(self._stream, form, schedule)
        return read
