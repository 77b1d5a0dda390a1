"""The list of roster or submission records of one form. Records are generated when they are read."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any, Literal

import orjson

from powerschool_enrollment_sandbox.district.page_cache import PageCache, PageKey
from powerschool_enrollment_sandbox.district.record_factory import Record

Search = tuple[tuple[str, str], ...]
Order = Literal["listed", "reversed", "unsorted"]

_SCATTER = 2_654_435_761  # a prime: its multiples, modulo a power of two, follow no visible order


@dataclass(frozen=True)
class EncodedPage:
    """The metadata of a page, and its records as an encoded JSON list."""

    page: int
    page_size: int
    page_count: int
    record_count: int
    records: bytes


class RecordList:
    """The records of a list, in the order in which the service lists them. All methods are thread-safe.

    `make(id, place)` generates the first `count` records, which have the ids from `first_id`. Inserted and
    edited records are stored. `student_id(place)` returns a generated record's external student id
    without generating the record.
    """

    def __init__(  # noqa: PLR0913 - called in one place
        self,
        first_id: int,
        count: int,
        *,
        make: Callable[[int, int], Record],
        student_id: Callable[[int], str],
        next_id: Callable[[], int],
        cache: PageCache,
        lock: RLock,
    ) -> None:
        self._first_id = first_id
        self._count = count
        self._make = make
        self._student_id = student_id
        self._next_id = next_id
        self._cache = cache
        self._lock = lock
        self._ids = array("q", range(first_id, first_id + count))
        self._stored: dict[int, Record] = {}
        self._removed: set[int] = set()
        self._inserted = 0
        self._searches: dict[Search, array[int]] = {}

    def __len__(self) -> int:
        """Return the current number of records."""
        return len(self._ids)

    def __contains__(self, record_id: int) -> bool:
        """Return whether the list contains a record with this id."""
        if record_id in self._stored:
            return True
        return self._first_id <= record_id < self._first_id + self._count and record_id not in self._removed

    def __iter__(self) -> Iterator[Record]:
        """Iterate over the current records, in order."""
        return (self[record_id] for record_id in self.ids())

    def __getitem__(self, record_id: int) -> Record:
        """Return a copy of the record with this id. Raises KeyError."""
        with self._lock:
            record = self._record(record_id)
            return {**record, "tags": [*record["tags"]], "dataItems": {**record["dataItems"]}}

    def ids(self) -> list[int]:
        """Return the current ids, in order."""
        with self._lock:
            return self._ids.tolist()

    def place(self, record_id: int) -> int:
        """Return the record's position in the list, from 0. Raises KeyError."""
        with self._lock:
            guess = record_id - self._first_id
            if 0 <= guess < len(self._ids) and self._ids[guess] == record_id:
                return guess
            try:
                return self._ids.index(record_id)
            except ValueError:
                raise KeyError(record_id) from None

    def external_student_ids(self) -> Iterator[tuple[str, int]]:
        """Return each student's external id and record id, without generating unchanged records."""
        with self._lock:
            for record_id in self._ids:
                stored = self._stored.get(record_id)
                if stored is None:
                    yield self._student_id(record_id - self._first_id), record_id
                elif stored["externalStudentID"]:
                    yield stored["externalStudentID"], record_id

    def edit(self, record_id: int, data_items: Mapping[str, str | None] | None = None, **fields: Any) -> Record:
        """Change fields and data items of a record, and return the record. Raises KeyError."""
        with self._lock:
            record = self[record_id]
            record.update(fields)
            record["dataItems"].update(data_items or {})
            self._stored[record_id] = record
            place = self.place(record_id)
            self._changed(place, place)
            return record

    def insert(
        self, place: int | None = None, data_items: Mapping[str, str | None] | None = None, **fields: Any
    ) -> int:
        """Insert a new record at a place, by default at the end, and return its id."""
        with self._lock:
            record_id = self._next_id()
            record = self._make(record_id, self._count + self._inserted)
            record.update(fields)
            record["dataItems"].update(data_items or {})
            self._inserted += 1
            self._stored[record_id] = record
            place = len(self._ids) if place is None else min(place, len(self._ids))
            self._ids.insert(place, record_id)
            self._changed(place)
            return record_id

    def remove(self, record_id: int) -> Record:
        """Delete a record, and return it. Later records move up by one place. Raises KeyError."""
        with self._lock:
            record = self[record_id]
            place = self.place(record_id)
            self._ids.pop(place)
            self._stored.pop(record_id, None)
            self._removed.add(record_id)
            self._changed(place)
            return record

    def put(self, record: Record, place: int | None = None) -> None:
        """Insert a record that was removed from this list or from another one, with its id.

        `place` is its position, from 0; by default the end. Raises ValueError if the list contains the id.
        """
        with self._lock:
            if record["id"] in self:
                raise ValueError(f"The list contains the record {record['id']}.")
            self._stored[record["id"]] = record
            place = len(self._ids) if place is None else min(place, len(self._ids))
            self._ids.insert(place, record["id"])
            self._changed(place)

    def page(self, page: int, page_size: int, search: Search = (), order: Order = "listed") -> EncodedPage:
        """Return a page, from 1, of the records whose top-level fields have the searched values."""
        with self._lock:
            ids = self._matching_ids(search) if search else self._ids
            key = PageKey(id(self), search, page_size, page, order)
            records = self._cache.get(key)
            if records is None:
                ids_on_page = _ordered(ids, order)[(page - 1) * page_size : page * page_size]
                records = orjson.dumps([self._record(record_id) for record_id in ids_on_page])
                self._cache.put(key, records)
            return EncodedPage(page, page_size, -(-len(ids) // page_size), len(ids), records)

    def _record(self, record_id: int) -> Record:
        stored = self._stored.get(record_id)
        if stored is not None:
            return stored
        if record_id not in self:
            raise KeyError(record_id)
        return self._make(record_id, record_id - self._first_id)

    def _changed(self, first: int, last: int | None = None) -> None:
        self._searches.clear()
        self._cache.forget(id(self), first, last)

    def _matching_ids(self, search: Search) -> "array[int]":
        if search not in self._searches:
            self._searches[search] = array(
                "q", (record_id for record_id in self._ids if _matches(self._record(record_id), search))
            )
        return self._searches[search]


def _ordered(ids: "array[int]", order: Order) -> "Sequence[int]":
    if order == "listed":
        return ids
    return ids[::-1] if order == "reversed" else sorted(ids, key=lambda record_id: record_id * _SCATTER % 2**32)


def _matches(record: Record, search: Search) -> bool:
    fields = {name.lower(): value for name, value in record.items()}
    fields["tag"] = fields["tags"]
    for name, wanted in search:
        value = fields.get(name)
        values = value if isinstance(value, list) else [value]
        if wanted.lower() not in (str(value or "").lower() for value in values):
            return False
    return True
