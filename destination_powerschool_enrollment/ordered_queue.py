"""Keeps rows in order: the queue between the input and the worker threads, its limit, and the rows to send again."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_KEYS = 1_000  # one row of each is kept in memory; time-outs are rare, and so are students with several rows


class Stopped(Exception):
    """The sync is stopping: a thread that waits must end."""


class OrderedQueue(Generic[T]):
    """Gives items to worker threads: items of one key in order and one at a time, items of other keys concurrently."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[T]] = {}
        self._ready: SimpleQueue[tuple[Hashable, T] | None] = SimpleQueue()
        self._closed = False

    def add(self, key: Hashable, item: T) -> None:
        """Add an item behind all earlier items of its key."""
        with self._lock:
            if key in self._waiting:
                self._waiting[key].append(item)
            else:
                self._waiting[key] = deque()
                self._ready.put((key, item))

    def take(self) -> tuple[Hashable, T]:
        """Wait for an item and return it with its key. Raises Stopped once closed.

        No other item of the key is returned until the caller calls `done`.
        """
        entry = self._ready.get()
        if entry is None or self._closed:
            self._ready.put(None)  # wakes the next worker thread
            raise Stopped
        return entry

    def done(self, key: Hashable) -> None:
        """Release the next item of the key."""
        with self._lock:
            waiting = self._waiting[key]
            if waiting:
                self._ready.put((key, waiting.popleft()))
            else:
                del self._waiting[key]

    def close(self) -> None:
        """Return no more items, and wake all threads that wait for one."""
        self._closed = True
        self._ready.put(None)


class InFlightLimit:
    """Back-pressure: limits the number and the bytes of the messages between the input and the output."""

    def __init__(self, max_items: int = 1000, max_bytes: int = 16 << 20) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._items = 0
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def acquire(self, size: int) -> None:
        """Wait until a message of `size` bytes is within the limit. Raises Stopped once closed.

        A message that is larger than the whole limit waits until it is the only one.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_capacity(size))
            if self._closed:
                raise Stopped
            self._items += 1
            self._bytes += size

    def release(self, size: int) -> None:
        """Return the capacity of a message."""
        with self._changed:
            self._items -= 1
            self._bytes -= size
            self._changed.notify_all()

    def close(self) -> None:
        """Wake all waiting threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _has_capacity(self, size: int) -> bool:
        return self._items == 0 or (self._items < self._max_items and self._bytes + size <= self._max_bytes)


class RowsToSendAgain(Generic[T]):
    """Keeps the last row of each key, if an earlier row of that key was sent more than once. Thread-safe.

    A request that timed out is repeated. The service may still be working on the first attempt, and apply it after a
    later row of the same key: old, new, old. Sending the last row once more leaves the student as the source has it.
    `forgotten` counts the repeated rows whose keys were not kept, because `most_keys` others were.
    """

    def __init__(self, most_keys: int = _MOST_KEYS) -> None:
        self._most_keys = most_keys
        self._lock = threading.Lock()
        self._last: dict[Hashable, T | None] = {}
        self.forgotten = 0

    def add(self, key: Hashable, row: T, *, was_repeated: bool) -> None:
        """Record an accepted row. Rows of one key are added in the order in which they were sent."""
        with self._lock:
            if key in self._last:
                self._last[key] = row
            elif was_repeated and len(self._last) < self._most_keys:
                self._last[key] = None  # only a later row of the key must be sent again
            else:
                self.forgotten += was_repeated

    def rows(self) -> list[T]:
        """Return the kept rows."""
        with self._lock:
            return [row for row in self._last.values() if row is not None]
