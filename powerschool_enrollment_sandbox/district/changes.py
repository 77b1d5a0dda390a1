"""Changes while being read: records come, go and alter between one page request and the next."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Literal

from powerschool_enrollment_sandbox.district.record_list import RecordList

Where = Literal["start", "end", "anywhere"]


@dataclass
class Change:
    """Before every `every`-th page request that matches `path`, changes the very list that it reads.

    Removals come first, then insertions, then edits; at most `times` such changes (None: until cleared).
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

    def is_due(self, path: str) -> bool:
        """Whether it happens before this request; counts that it did."""
        if (self.times is not None and self.happened >= self.times) or not fnmatchcase(path, self.path):
            return False
        self._seen += 1
        if self._seen % self.every:
            return False
        self.happened += 1
        return True


class Changes:
    """The changes that are to happen; places are drawn from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._changes: list[Change] = []
        self._chance = Random(seed)  # noqa: S311 - no secret
        self._lock = Lock()

    def add(self, *changes: Change) -> None:
        """Let changes happen from now on."""
        with self._lock:
            self._changes += changes

    def clear(self) -> None:
        """Let records rest."""
        with self._lock:
            self._changes = []

    def before_page(self, path: str, records: RecordList) -> None:
        """Apply the changes that are scheduled before a page of these records is answered."""
        if not self._changes:
            return
        with self._lock:
            for change in self._changes:
                if change.is_due(path):
                    remove(records, change.remove, change.where, self._chance)
                    insert(records, change.insert, change.where, self._chance)
                    edit(records, change.edit, change.where, self._chance)


def insert(records: RecordList, count: int, where: Where, chance: Random) -> list[int]:
    """Insert records; returns their ids."""
    return [records.insert(_place(len(records) + 1, where, chance)) for _ in range(count)]


def remove(records: RecordList, count: int, where: Where, chance: Random) -> list[int]:
    """Remove records, all if there are fewer; returns their ids."""
    removed = []
    for _ in range(min(count, len(records))):
        removed.append(records.ids()[_place(len(records), where, chance)])
        records.remove(removed[-1])
    return removed


def edit(records: RecordList, count: int, where: Where, chance: Random) -> list[int]:
    """Edit a data item of different records, all if there are fewer; returns their ids."""
    ids = records.ids()
    count = min(count, len(ids))
    chosen = {"start": ids[:count], "end": ids[len(ids) - count :], "anywhere": chance.sample(ids, count)}[where]
    for record_id in chosen:
        records.edit(record_id, {"stu_PreferredName": f"Nickname {chance.randrange(10**6)}"})
    return chosen


def _place(count: int, where: Where, chance: Random) -> int:
    return {"start": 0, "end": count - 1}[where] if where != "anywhere" else chance.randrange(count)
