"""Keeps memory bounded: a page is opened only once there is room for its records.

Workers read faster than the main thread writes. Without a bound each of them would hold a page whole, and the CDK's
queue ten thousand records more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TypeVar

from airbyte_cdk.models import AirbyteMessage

_PAGES = 2
_LEAST_RECORDS = 2_000
# Written records are counted in blocks, because each count takes a lock.
_AT_ONCE = 100

Handed = TypeVar("Handed")


class NobodyWrites(Exception):
    """The reader has stopped early. Raised in worker threads whose output is no longer needed."""


class Backlog:
    """Counts the records, of several streams, that there was room made for and that are not written yet.

    By default no thread ever waits: for callers that consume each record as it comes.
    """

    def __init__(self, page_size: int = 0, limit: float = math.inf) -> None:
        self.page_size = page_size
        self._limit = limit
        self._records = 0
        self._changed = threading.Condition()
        self._is_closed = False
        self._when_closed: list[Callable[[], None]] = []

    @classmethod
    def of_pages(cls, page_size: int) -> Backlog:
        """Return a backlog of two pages, or of 2,000 records where pages are small."""
        return cls(page_size, max(_PAGES * page_size, _LEAST_RECORDS))

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Yield room for one page. Room for records that were not forwarded is released at the end."""
        room = Room(self)
        try:
            yield room
        finally:
            self.release(room.free)

    def reserve(self, records: int) -> None:
        """Wait until there is room for this many records. Raises NobodyWrites once the backlog is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._records + records <= self._limit)
            if self._is_closed:
                raise NobodyWrites
            self._records += records

    def release(self, records: int) -> None:
        """Note that this many records are written, or never came."""
        with self._changed:
            self._records -= records
            self._changed.notify_all()

    def close(self) -> None:
        """Wake all waiting threads: a thread that waits forever would keep the process from ending."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for act in self._when_closed:
            act()

    def when_closed(self, act: Callable[[], None]) -> None:
        """Have it done when the backlog is closed; at once if it is."""
        with self._changed:
            self._when_closed.append(act)
        if self._is_closed:
            act()

    def written(self, messages: Iterable[AirbyteMessage], streams: Collection[str]) -> Iterator[AirbyteMessage]:
        """Hand the messages on; a record of these streams is written once the message behind it is asked for."""
        count = 0
        for message in messages:
            yield message
            if message.record and message.record.stream in streams:
                count += 1
                if count == _AT_ONCE:
                    self.release(count)
                    count = 0


class Room:
    """Room for one page. There may be more records on it than were asked for."""

    def __init__(self, backlog: Backlog) -> None:
        self.free = 0
        self.arrived_at = datetime.now(timezone.utc)
        self._backlog = backlog

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Wait for the room, for a page that has just arrived and is parsed within.

        A page that is broken gives its room back: it is asked for again, which may take minutes.
        """
        self.arrived_at = datetime.now(timezone.utc)
        size = self._backlog.page_size
        self._backlog.reserve(size)
        try:
            yield
        except Exception:
            self._backlog.release(size)
            raise
        self.free = size

    def hand_on(self, records: Iterable[Handed]) -> Iterator[Handed]:
        """Return the records, each of which is the writer's from then on."""
        for record in records:
            self.free -= 1
            yield record
