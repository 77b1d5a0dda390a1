"""Reads a parent stream whole, several partitions at once, for a stream that needs something of each record."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

Taken = TypeVar("Taken")


def read_whole(stream: AbstractStream, workers: int, take: Callable[[Record], Iterable[Taken]]) -> Iterator[Taken]:
    """Yield what `take` takes of each record, in the order of the partitions.

    Records are dropped as soon as it has: at most `3 * workers` partitions' worth of what it took is held.
    """

    def read(partition: Partition) -> list[Taken]:
        taken = [one for record in partition.read() for one in take(record)]
        stream.cursor.close_partition(partition)
        return taken

    with ThreadPoolExecutor(workers, thread_name_prefix=stream.name) as pool:
        under_way: deque[Future[list[Taken]]] = deque()
        for partition in stream.generate_partitions():
            under_way.append(pool.submit(read, partition))
            if len(under_way) > 3 * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
