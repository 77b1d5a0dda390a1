"""The journal: every request the service saw, in order, with what became of it."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from threading import Lock

_MAXIMUM_ENTRIES = 500_000


@dataclass(slots=True)
class JournalEntry:
    """One request.

    Attributes:
        number: from 1, in order of arrival; never used again, not even after `clear`.
        path: below `/api/v1` for the API, whole elsewhere; `query` without the question mark.
        route: the documentation's path, such as `/rosterrecords/{id}`; empty if nothing answers there.
        acted: whether the service did what was asked (it answered 2xx, or would have, had no fault cut in).
        status: as answered; None while unanswered, or when the connection was dropped.
        authorization: whether an Authorization header was sent.
        fault: the kinds of fault that struck, joined by `+`.
        began: monotonic seconds, like `ended`, which is None during the request.
    """

    number: int
    method: str
    path: str
    query: str
    authorization: bool
    began: float
    route: str = ""
    acted: bool = False
    status: int | None = None
    fault: str = ""
    ended: float | None = None


@dataclass
class Journal:
    """Entries (the latest half million), and how many requests were under way at once at most."""

    max_concurrent: int = 0
    concurrent: int = 0
    _entries: deque[JournalEntry] = field(default_factory=lambda: deque(maxlen=_MAXIMUM_ENTRIES))
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def __len__(self) -> int:
        """How many requests are remembered."""
        return len(self._entries)

    def __iter__(self) -> Iterator[JournalEntry]:
        """Every request, in order of arrival."""
        return iter(self.entries())

    def begin(self, method: str, path: str, query: str, *, authorization: bool) -> JournalEntry:
        """Note that a request arrived."""
        with self._lock:
            entry = JournalEntry(next(self._numbers), method, path, query, authorization, time.monotonic())
            self._entries.append(entry)
            self.concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self.concurrent)
        return entry

    def end(self, entry: JournalEntry) -> None:
        """Note that it was answered, or will never be."""
        with self._lock:
            entry.ended = time.monotonic()
            self.concurrent -= 1

    def clear(self) -> None:
        """Forget every entry; requests under way still count as concurrent."""
        with self._lock:
            self._entries.clear()
            self.max_concurrent = self.concurrent

    def entries(self, method: str = "*", path: str = "*", *, status: int | None = None) -> list[JournalEntry]:
        """Those of that method, path (`*` and `?`; a route will do too) and status, in order of arrival."""
        with self._lock:
            entries = list(self._entries)
        return [
            entry
            for entry in entries
            if fnmatchcase(entry.method, method)
            and (fnmatchcase(entry.path, path) or entry.route == path)
            and status in (None, entry.status)
        ]

    def count(self, method: str = "*", path: str = "*", *, status: int | None = None) -> int:
        """How many there are of those."""
        return len(self.entries(method, path, status=status))
