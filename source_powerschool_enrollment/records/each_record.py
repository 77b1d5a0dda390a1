"""Reads a complete record list for a stream that has one partition per record: details and documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from airbyte_cdk.sources.types import Config, Record, StreamSlice
from typing_extensions import override

from source_powerschool_enrollment.cdk_seams import RouterWithoutRequestOptions
from source_powerschool_enrollment.context import SyncContext, sync_for
from source_powerschool_enrollment.records.readers import PageQueue, QueuedRead
from source_powerschool_enrollment.records.stream import parent_pages

Found = TypeVar("Found")
_PageResult = list[tuple[int, tuple[Found, ...]]]  # the id of each record of a page, and what `find` returned for it


@dataclass
class EachRecord(RouterWithoutRequestOptions):
    """Generates a slice for each record of `record_stream`, with the fields `record_id` and `published_action_id`.

    Not a SubstreamPartitionRouter, because that one reads one page after another, and misses a record that moves to
    another page during the read.
    """

    config: Config
    record_stream: str

    @override
    def stream_slices(self) -> Iterator[StreamSlice]:
        """Yield the slices. Raises AirbyteTracedException if the records cannot all be read."""
        for record_id, form in each_record(self.record_stream, sync_for(self.config), _id_and_form):
            yield StreamSlice(partition={"record_id": record_id, "published_action_id": form}, cursor_slice={})


def each_record(
    stream_name: str, sync: SyncContext, find: Callable[[Mapping[str, Any]], Iterable[Found]]
) -> Iterator[Found]:
    """Yield what `find` finds in each record of the list `stream_name`, once for each record.

    One of several threads calls `find` with the records of a page, and drops them: only their ids stay in memory.
    """
    seen: set[int] = set()

    def result_of(page: QueuedRead) -> _PageResult[Found]:
        return [(record.data["id"], tuple(find(record.data))) for record in _records(page)]

    workers = sync.config.connection.num_workers
    for result in _in_order_of_completion(parent_pages(stream_name, sync), workers, result_of):
        for record_id, found in result:
            # A record that moved to another page during the read may be on both pages.
            if record_id not in seen:
                seen.add(record_id)
                yield from found


def _in_order_of_completion(
    queue: PageQueue, workers: int, result_of: Callable[[QueuedRead], _PageResult[Found]]
) -> Iterator[_PageResult[Found]]:
    """Yield the result of each page. Each worker holds at most one result that is not yielded yet.

    After a failure the remaining pages are still taken and closed. Then the first failure is raised.
    """
    failures: list[Exception] = []

    def read_next() -> _PageResult[Found] | None:
        page = queue.take()
        try:
            return result_of(page) if page else None
        except Exception as error:  # noqa: BLE001 - raised below
            failures.append(error)
            return []

    pool = ThreadPoolExecutor(workers, thread_name_prefix="each_record")
    under_way: set[Future[_PageResult[Found] | None]] = {pool.submit(read_next) for _ in range(workers)}
    try:
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for result in (finished.result() for finished in done):
                if result is not None:
                    under_way.add(pool.submit(read_next))
                    yield result
    finally:
        queue.close()
        pool.shutdown(wait=False, cancel_futures=True)
    if failures:
        raise failures[0]


def _records(page: QueuedRead) -> list[Record]:
    """Return all records of the page. The page is closed then, even if a caller fails on one of its records."""
    return [record for record in page.read() if isinstance(record, Record)]


def _id_and_form(record: Mapping[str, Any]) -> Iterator[tuple[Any, int]]:
    yield record["id"], record["published_action_id"]
