"""Changes during a read: records are inserted, removed and edited between two page requests."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Literal

from powerschool_enrollment_sandbox.district.record_list import RecordList

Where = Literal["start", "end", "anywhere"]


@dataclass
class Change:
    """A change of the list that a page request reads, made just before the request is answered.

    Attributes:
        path: which requests it applies to, with `*` and `?`, such as `*/rosterrecords`.
        every: 1 for each matching request, 2 for every second one, and so on.
        insert: how many records to insert. Records are first removed, then inserted, then edited.
        remove: how many records to remove.
        edit: how many records to edit.
        where: which records are removed and edited, and where new ones are inserted.
        times: how often it is made at most; None for no limit.
        happened: how often it was made so far.
    """

    path: str = "*"
    every: int = 1
    insert: int = 0
    remove: int = 0
    edit: int = 0
    where: Where = "anywhere"
    times: int | None = None
    happened: int = 0
    _seen: int = field(default=0, repr=False)

    def applies_to(self, path: str) -> bool:
        """Return whether the change applies to this request, and count it."""
        if (self.times is not None and self.happened >= self.times) or not fnmatchcase(path, self.path):
            return False
        self._seen += 1
        if self._seen % self.every:
            return False
        self.happened += 1
        return True


class Changes:
    """The active changes. Places of records are chosen at random, from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._changes: list[Change] = []
        self._random = Random(seed)
        self._lock = Lock()

    def add(self, *changes: Change) -> None:
        """Activate changes."""
        with self._lock:
            self._changes += changes

    def clear(self) -> None:
        """Remove all changes."""
        with self._lock:
            self._changes = []

    def before_page(self, path: str, records: RecordList) -> None:
        """Apply the active changes to the records that a page request is about to read."""
        if not self._changes:
            return
        with self._lock:
            for change in self._changes:
                if change.applies_to(path):
                    remove(records, change.remove, change.where, self._random)
                    insert(records, change.insert, change.where, self._random)
                    edit(records, change.edit, change.where, self._random)


def insert(records: RecordList, count: int, where: Where, random: Random) -> list[int]:
    """Insert records and return their ids."""
    return [records.insert(_place(len(records) + 1, where, random)) for _ in range(count)]


def remove(records: RecordList, count: int, where: Where, random: Random) -> list[int]:
    """Remove at most `count` records and return their ids."""
    removed = []
    for _ in range(min(count, len(records))):
        removed.append(records.ids()[_place(len(records), where, random)])
        records.remove(removed[-1])
    return removed


def edit(records: RecordList, count: int, where: Where, random: Random) -> list[int]:
    """Edit a data item in each of at most `count` records, and return the records' ids."""
    ids = records.ids()
    count = min(count, len(ids))
    chosen = {"start": ids[:count], "end": ids[len(ids) - count :], "anywhere": random.sample(ids, count)}[where]
    for record_id in chosen:
        records.edit(record_id, {"stu_PreferredName": f"Nickname {random.randrange(10**6)}"})
    return chosen


def _place(count: int, where: Where, random: Random) -> int:
    return {"start": 0, "end": count - 1}[where] if where != "anywhere" else random.randrange(count)
