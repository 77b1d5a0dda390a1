"""Circuit breaker: stops a stream after 10 consecutive partition failures.

The CDK continues after each failure. In an outage, each of 100,000 requests would be retried for ten minutes.
Single failures between successes do not stop a stream.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record

MOST_FAILURES = 10

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


@dataclass(frozen=True)
class CircuitBreaker(PartitionGenerator):
    """Generates partitions that are no longer read once MOST_FAILURES of them in a row have failed."""

    partitions: Callable[[], Iterable[Partition]]

    def generate(self) -> Iterator[Partition]:
        """Yield the partitions. After the circuit breaker has opened, drop the remaining ones as they are generated."""
        failures = _Failures()
        for partition in self.partitions():
            if not failures.are_too_many:
                yield _CountedPartition(partition, failures)


def with_circuit_breaker(declared: AbstractStream) -> DefaultStream:
    """Return the declared stream, a full refresh by id, with a circuit breaker."""
    return DefaultStream(
        partition_generator=CircuitBreaker(declared.generate_partitions),
        name=declared.name,
        json_schema=declared.get_json_schema,
        primary_key=["id"],
        cursor_field=None,
        logger=logging.getLogger("airbyte"),
        cursor=declared.cursor,
    )


class _Failures:
    """Counts consecutive failures of a stream's partitions, in the order in which the partitions end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_a_row = 0
        self.are_too_many = False  # once True, it is not reset: requests in flight may still succeed

    def note_success(self) -> None:
        with self._lock:
            self._in_a_row = 0

    def note_failure(self, stream_name: str) -> None:
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row == MOST_FAILURES and not self.are_too_many:
                self.are_too_many = True
                logger.warning("%s: %d requests in a row have failed; no more are sent.", stream_name, MOST_FAILURES)


@dataclass(frozen=True, eq=False)
class _CountedPartition(Partition):
    """A partition that is counted as a success or a failure when its read ends."""

    partition: Partition
    failures: _Failures

    def read(self) -> Iterable[Record]:
        if self.failures.are_too_many:
            return
        try:
            yield from self.partition.read()
        except Exception:
            self.failures.note_failure(self.stream_name())
            raise
        self.failures.note_success()

    def to_slice(self) -> Mapping[str, Any] | None:
        return self.partition.to_slice()

    def stream_name(self) -> str:
        return self.partition.stream_name()

    def __hash__(self) -> int:
        return id(self)
