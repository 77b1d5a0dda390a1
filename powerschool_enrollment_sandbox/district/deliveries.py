"""Delivery targets: approved records wait for a batch, leave with it, and return when it is reset."""

import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import RLock
from typing import Any

from powerschool_enrollment_sandbox.district.clock import as_utc_text
from powerschool_enrollment_sandbox.district.delivered_data import delivered_data
from powerschool_enrollment_sandbox.district.record_list import RecordList
from powerschool_enrollment_sandbox.district.seeded_random import draws

_UNDECIDED = ("PendingApproval", "Submitted")


@dataclass
class CreatedBatch:
    """What one `createbatch` took; it stays in the list after a reset."""

    id: str
    date: datetime
    record_ids: list[int]
    auto_open: bool = False
    was_reset: bool = False

    def as_json(self, records: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """As the service answers it: with its records when it is created, without them ever after."""
        return {"id": self.id, "date": as_utc_text(self.date), "records": records or []}


@dataclass
class DeliveryTarget:
    """A target over the submissions of one form; `pending` are the approved ones that no batch has taken."""

    id: int
    title: str
    submissions: RecordList
    seed: int
    lock: RLock
    pending: list[int] = field(default_factory=list)
    undecided: deque[int] = field(default_factory=deque)
    batches: list[CreatedBatch] = field(default_factory=list)
    _numbered: int = 0

    def as_json(self) -> dict[str, Any]:
        """As `deliverytargets` lists it."""
        return {"id": self.id, "title": self.title}

    def approve(self, count: int = 1) -> list[int]:
        """An administrator approves that many submissions, new ones if none are left; returns their ids."""
        with self.lock:
            return [self._approve(self._next_undecided()) for _ in range(count)]

    def create_batch(self, now: datetime, limit: int) -> dict[str, Any]:
        """Deliver the next pending records, at most `limit`: this very call marks them as delivered."""
        with self.lock:
            taken, self.pending = self.pending[:limit], self.pending[limit:]
            taken = [record_id for record_id in taken if record_id in self.submissions]
            batch = CreatedBatch(self._new_id(), now.replace(microsecond=0), taken)
            self.batches.append(batch)
            return batch.as_json([self._deliver(record_id) for record_id in taken])

    def reset_batch(self, batch_id: str, *, keep: bool = True) -> bool:
        """Make a batch's records pending again, once; return False if the batch does not exist."""
        with self.lock:
            batch = next((batch for batch in self.batches if batch.id == batch_id), None)
            if batch is None:
                return False
            if not batch.was_reset:
                self._restore(batch.record_ids)
            batch.was_reset, batch.auto_open = True, False
            if not keep:
                self.batches.remove(batch)
            return True

    def get_batches(self, since: date | None = None, *, auto_open: bool = False) -> list[dict[str, Any]]:
        """The batches of a day (UTC) or later, without records; only those that are open, if asked."""
        with self.lock:
            return [
                batch.as_json()
                for batch in self.batches
                if (since is None or batch.date.date() >= since) and (batch.auto_open or not auto_open)
            ]

    def add_history(self, dates: Iterable[datetime], record_ids: list[int], size: int) -> None:
        """Batches delivered long ago; the newest of them was left open."""
        for number, moment in enumerate(dates):
            self.batches.append(CreatedBatch(self._new_id(), moment, record_ids[number * size : (number + 1) * size]))
        if self.batches:
            self.batches[-1].auto_open = True

    def _deliver(self, record_id: int) -> dict[str, Any]:
        record = self.submissions.edit(record_id, status="Delivered")
        return {"id": record_id, "submitted": f"{record['submitted']}Z", "data": delivered_data(record)}

    def _restore(self, record_ids: list[int]) -> None:
        waiting = set(self.pending)
        for record_id in record_ids:
            if record_id in self.submissions and record_id not in waiting:
                self.submissions.edit(record_id, status="Approved")
                self.pending.append(record_id)

    def _approve(self, record_id: int) -> int:
        self.submissions.edit(record_id, status="Approved")
        if record_id not in self.pending:
            self.pending.append(record_id)
        return record_id

    def _next_undecided(self) -> int:
        while self.undecided:
            record_id = self.undecided.popleft()
            if record_id in self.submissions and self.submissions[record_id]["status"] in _UNDECIDED:
                return record_id
        return self.submissions.insert()

    def _new_id(self) -> str:
        self._numbered += 1
        words = draws(self.seed, "batch", self._numbered, self.id)
        return str(uuid.UUID(bytes=b"".join(word.to_bytes(2, "big") for word in words[:8]), version=4))
