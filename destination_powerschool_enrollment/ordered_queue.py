"""Order and bounds for rows on their way: one at a time for each key, and never more of them than memory allows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The sync stops: what waits need not wait any longer."""


class OrderedQueue(Generic[T]):
    """Hands out items to workers: those of one lane in order and one at a time, different lanes concurrently."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[T]] = {}
        self._ready: SimpleQueue[tuple[Hashable, T] | None] = SimpleQueue()
        self._closed = False

    def add(self, lane: Hashable, item: T) -> None:
        """Put an item behind those that are in its lane already."""
        with self._lock:
            if lane in self._waiting:
                self._waiting[lane].append(item)
            else:
                self._waiting[lane] = deque()
                self._ready.put((lane, item))

    def take(self) -> tuple[Hashable, T]:
        """Wait for an item that may go; the caller frees its lane afterwards. Raises Stopped once closed."""
        entry = self._ready.get()
        if entry is None or self._closed:
            self._ready.put(None)  # for the other workers
            raise Stopped
        return entry

    def free(self, lane: Hashable) -> None:
        """Let the lane's next item go."""
        with self._lock:
            waiting = self._waiting[lane]
            if waiting:
                self._ready.put((lane, waiting.popleft()))
            else:
                del self._waiting[lane]

    def close(self) -> None:
        """Let nothing go any more."""
        self._closed = True
        self._ready.put(None)


class InFlightLimit:
    """Bounds how many messages, and how many bytes of them, are between the input and the output."""

    def __init__(self, most_items: int = 1000, most_bytes: int = 16 << 20) -> None:
        self._most_items = most_items
        self._most_bytes = most_bytes
        self._items = 0
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Wait for room; a message larger than all room waits until it is alone. Raises Stopped once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(size))
            if self._closed:
                raise Stopped
            self._items += 1
            self._bytes += size

    def leave(self, size: int) -> None:
        """Give the room back."""
        with self._changed:
            self._items -= 1
            self._bytes -= size
            self._changed.notify_all()

    def close(self) -> None:
        """Wake all waiting threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        return self._items == 0 or (self._items < self._most_items and self._bytes + size <= self._most_bytes)
