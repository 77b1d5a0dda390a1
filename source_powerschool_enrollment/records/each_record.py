"""Shows each record of a record list to a stream that needs something of every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from airbyte_cdk.sources.declarative.interpolation import InterpolatedString
from airbyte_cdk.sources.declarative.partition_routers import SubstreamPartitionRouter
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import UnexpectedAnswer
from source_powerschool_enrollment.context import sync_for
from source_powerschool_enrollment.records.stream import parent_record_stream

Taken = TypeVar("Taken")
_Shown = list[tuple[Any, tuple[Taken, ...]]]


@dataclass
class EachRecord(SubstreamPartitionRouter):
    """Makes a slice of each record of the parent, a record list: `id` as the `partition_field`, and the form.

    Not the CDK's SubstreamPartitionRouter, because that one reads one page after another, and misses a record that
    moves to another page during the read.
    """

    def stream_slices(self) -> Iterator[StreamSlice]:
        """Yield the slices. Raises AirbyteTracedException if the records cannot all be read."""
        for parent in self.parent_stream_configs:
            field = str(InterpolatedString.create(parent.partition_field, parameters={}).eval(self.config))
            for record_id, form in each_record(parent.stream, self.config, _id_and_form):
                yield StreamSlice(partition={field: record_id, "published_action_id": form}, cursor_slice={})


def each_record(
    declared: AbstractStream, config: Mapping[str, Any], take: Callable[[Mapping[str, Any]], Iterable[Taken]]
) -> Iterator[Taken]:
    """Yield what `take` takes of each record of the list that `declared` declares, once a record.

    Records are dropped as soon as it has: what stays is their ids, and what it took of the pages under way. It is
    called by several threads.
    """
    seen: set[Any] = set()

    def taken_of(page: Iterable[Record]) -> _Shown[Taken]:
        return [(_id_of(record), tuple(take(record.data))) for record in page]

    workers = sync_for(config).client.settings.num_workers
    for shown in _as_they_come(parent_record_stream(declared, config), workers, taken_of):
        for record_id, taken in shown:
            # A record that moved between two pages is on both.
            if record_id not in seen:
                seen.add(record_id)
                yield from taken


def _as_they_come(
    stream: AbstractStream, workers: int, taken_of: Callable[[Iterable[Record]], _Shown[Taken]]
) -> Iterator[_Shown[Taken]]:
    """Yield what is taken from each partition, in the order of completion; at most `3 * workers` wait to be yielded.

    After a failure the remaining partitions are still generated and closed: their generator waits for that.
    """
    failures: list[Exception] = []

    def read(partition: Partition) -> _Shown[Taken]:
        try:
            records = list(partition.read())
            stream.cursor.close_partition(partition)
            return taken_of(records)
        except Exception as error:  # noqa: BLE001 - raised below
            failures.append(error)
            return []

    partitions = iter(stream.generate_partitions())
    # One more thread than workers: the generator waits in it for pages that the others read.
    pool = ThreadPoolExecutor(workers + 1, thread_name_prefix=stream.name)
    upcoming: set[Future[Partition | None]] = {pool.submit(next, partitions, None)}
    under_way: set[Future[_Shown[Taken]]] = set()
    try:
        while upcoming or under_way:
            has_room = len(under_way) < 3 * workers
            awaited: set[Future[Any]] = {*under_way, *upcoming} if has_room else {*under_way}
            done, _ = wait(awaited, return_when=FIRST_COMPLETED)
            for generated in upcoming & done:
                upcoming.remove(generated)
                if partition := generated.result():
                    under_way.add(pool.submit(read, partition))
                    upcoming.add(pool.submit(next, partitions, None))
            for finished in under_way & done:
                under_way.remove(finished)
                yield finished.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if failures:
        raise failures[0]


def _id_of(record: Record) -> Any:
    record_id = record.data.get("id")
    if record_id is None:
        raise as_traced_exception(UnexpectedAnswer("a record has no id.", record.stream_name))
    return record_id


def _id_and_form(record: Mapping[str, Any]) -> Iterator[tuple[Any, int]]:
    yield record["id"], record["published_action_id"]
