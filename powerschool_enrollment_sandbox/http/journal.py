"""The journal: every request that the server received, in order, and its outcome."""

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
        number: from 1, in order of arrival. `clear` does not restart it.
        path: without query; for a request to the API also without `/api/v1`.
        query: without the question mark.
        route: the path in the documentation, such as `/rosterrecords/{id}`; empty for an unknown path.
        acted: whether the service processed the request successfully, even if a fault replaced the answer.
        status: of the answer; None before the answer, or if a fault dropped the connection.
        authorization: whether an Authorization header was sent.
        fault: the kinds of the faults that applied, joined by `+`.
        began: when the request arrived, in monotonic seconds.
        ended: when it was answered or dropped; None before that.
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
    """The latest half million requests. `max_concurrent` is the highest number of concurrent requests."""

    max_concurrent: int = 0
    concurrent: int = 0
    _entries: deque[JournalEntry] = field(default_factory=lambda: deque(maxlen=_MAXIMUM_ENTRIES))
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __iter__(self) -> Iterator[JournalEntry]:
        """Iterate over all entries, in order of arrival."""
        return iter(self.entries())

    def begin(self, method: str, path: str, query: str, *, authorization: bool) -> JournalEntry:
        """Record that a request arrived."""
        with self._lock:
            entry = JournalEntry(next(self._numbers), method, path, query, authorization, time.monotonic())
            self._entries.append(entry)
            self.concurrent += 1
            self.max_concurrent = max(self.max_concurrent, self.concurrent)
        return entry

    def end(self, entry: JournalEntry) -> None:
        """Record that a request was answered or dropped."""
        with self._lock:
            entry.ended = time.monotonic()
            self.concurrent -= 1

    def clear(self) -> None:
        """Delete all entries. Unfinished requests still count as concurrent."""
        with self._lock:
            self._entries.clear()
            self.max_concurrent = self.concurrent

    def entries(self, method: str = "*", path: str = "*", *, status: int | None = None) -> list[JournalEntry]:
        """Return the entries with this method, path (with `*` and `?`) or exact route, and status, oldest first."""
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
        """Count the entries that `entries` returns."""
        return len(self.entries(method, path, status=status))
