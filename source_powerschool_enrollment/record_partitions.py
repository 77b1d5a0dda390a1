"""The partitions of a record stream: a page each, generated as the forms' first pages and changes call for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record

from source_powerschool_enrollment.form_read import FormRead, RecordStreamRead


class RecordPage(Partition):
    """One page of one form, to be read once."""

    def __init__(self, stream_name: str, form: FormRead, number: int) -> None:
        self._stream_name = stream_name
        self._form = form
        self._number = number
        self._digest: bytes | None = None

    def read(self) -> Iterable[Record]:
        """Return the page's records, unless they are known already."""
        try:
            self._digest, records = self._form.read(self._number)
            yield from records
        except Exception:
            self._form.fail(self._number)
            raise

    def close(self) -> bool:
        """Note that all records are on the queue; tell whether the form has ended with this page."""
        return self._form.close(self._number, self._digest)

    def to_slice(self) -> Mapping[str, Any]:
        """Return what the log at level DEBUG shows."""
        return {"published_action_id": self._form.form, "page": self._number}

    def stream_name(self) -> str:
        """Return the stream's name."""
        return self._stream_name

    def __hash__(self) -> int:
        return id(self)


class RecordPartitions(PartitionGenerator):
    """Yields the first page of each form, then whatever the forms schedule, until all of them have ended.

    It waits for others, in a thread of its own: the CDK lets at most half of its threads generate partitions, so
    there is always one that reads them.
    """

    def __init__(self, stream: RecordStreamRead, forms: Callable[[], Iterable[int]]) -> None:
        self._stream = stream
        self._forms = forms

    def generate(self) -> Iterable[Partition]:
        """Return the partitions."""
        scheduled: SimpleQueue[list[RecordPage]] = SimpleQueue()
        forms = [self._form_read(form, scheduled) for form in self._forms()]
        self._stream.estimate.expect(len(forms))
        yield from (RecordPage(self._stream.name, form, 1) for form in forms)
        open_forms = len(forms)
        while open_forms:
            pages = _next_of(scheduled)
            open_forms -= not pages
            yield from pages

    def _form_read(self, form: int, scheduled: SimpleQueue[list[RecordPage]]) -> FormRead:
        def schedule(numbers: list[int]) -> None:
            scheduled.put([RecordPage(self._stream.name, read, number) for number in numbers])

        read = FormRead(self._stream, form, schedule)
        return read


def _next_of(scheduled: SimpleQueue[list[RecordPage]]) -> list[RecordPage]:
    """Wait for the next pages. Ends this thread if the process is ending, which would wait for it."""
    while threading.main_thread().is_alive():
        with suppress(Empty):
            return scheduled.get(timeout=1)
    raise SystemExit
