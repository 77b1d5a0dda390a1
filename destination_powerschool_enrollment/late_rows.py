"""Remembers which rows to send again at the end, because the service may apply an earlier row of their key late.

A request that timed out is repeated. The service may still be working on the first attempt, and apply it after a later
row of the same key: old, new, old. Sending the last row once more leaves the student as the source has it.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST_KEYS = 1_000  # one row of each is kept in memory; time-outs are rare, and so are students with several rows


class LateRows(Generic[T]):
    """The last row of each key of which an earlier row was sent more than once. Thread-safe."""

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
                self._last[key] = None  # the row itself is the key's last one until another one follows
            else:
                self.forgotten += was_repeated

    def to_send_again(self) -> list[T]:
        """Return the rows to send again."""
        with self._lock:
            return [row for row in self._last.values() if row is not None]
