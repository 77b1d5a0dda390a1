"""Limits memory: a page is parsed only when there is room for its records.

Workers read faster than the main thread writes. Without a limit each worker would hold a whole page, and the CDK's
queue ten thousand records more.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from airbyte_cdk.models import AirbyteMessage

from source_powerschool_enrollment.records.sync_clock import utc_now

_PAGES = 2
_LEAST_RECORDS = 2_000
# Written records are counted in blocks, because each count takes a lock.
_BLOCK = 100

Item = TypeVar("Item")


class ReaderStopped(Exception):
    """The consumer of the records has stopped early. Raised in worker threads, whose output is no longer needed."""


class Backlog:
    """Limits how many parsed but unwritten records are held in memory, across several streams.

    By default there is no limit, for callers that consume each record immediately.
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
        """Return a backlog with room for two pages, or for 2,000 records if pages are small."""
        return cls(page_size, max(_PAGES * page_size, _LEAST_RECORDS))

    @contextmanager
    def room(self, now: Callable[[], datetime] = utc_now) -> Iterator[Room]:
        """Yield room for one page. `now` returns the page's time of arrival. Unused room is released at the end."""
        room = Room(self, now)
        try:
            yield room
        finally:
            self.release(room.free)

    def reserve(self, records: int) -> None:
        """Wait until there is room for this many records. Raises ReaderStopped once the backlog is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._records + records <= self._limit)
            if self._is_closed:
                raise ReaderStopped
            self._records += records

    def release(self, records: int) -> None:
        """Release the room of records that are written, or that the page did not contain."""
        with self._changed:
            self._records -= records
            self._changed.notify_all()

    def close(self) -> None:
        """Wake all waiting threads: a thread that waits forever would keep the process from ending."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for callback in self._when_closed:
            callback()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the backlog is closed, or now if it is closed already."""
        with self._changed:
            self._when_closed.append(callback)
        if self._is_closed:
            callback()

    def written(self, messages: Iterable[AirbyteMessage], streams: Collection[str]) -> Iterator[AirbyteMessage]:
        """Forward the messages. A record of these streams counts as written when the next message is requested."""
        count = 0
        for message in messages:
            yield message
            if message.record and message.record.stream in streams:
                count += 1
                if count == _BLOCK:
                    self.release(count)
                    count = 0


class Room:
    """Room for one page. `free` is negative if the page has more records than were requested."""

    def __init__(self, backlog: Backlog, now: Callable[[], datetime]) -> None:
        self.free = 0
        self.arrived_at = now()
        self._backlog = backlog
        self._now = now

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Wait for room for a page that has just arrived. The caller parses the page inside this context.

        A page that cannot be parsed releases its room: it is requested again, which may take minutes.
        """
        self.arrived_at = self._now()
        size = self._backlog.page_size
        self._backlog.reserve(size)
        try:
            yield
        except Exception:
            self._backlog.release(size)
            raise
        self.free = size

    def forward(self, records: Iterable[Item]) -> Iterator[Item]:
        """Yield the records. Their room is released when they are written."""
        for record in records:
            self.free -= 1
            yield record
