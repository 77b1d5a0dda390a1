"""Delivery targets. Approved records are pending until `createbatch` delivers them in a batch.

`resetbatch` makes the records of a batch pending again, so that the next batch delivers them once more.
"""

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
    """The records that one `createbatch` delivered. `auto_open` marks a batch that `getbatches/{date}/true` lists."""

    id: str
    date: datetime
    record_ids: list[int]
    auto_open: bool = False
    was_reset: bool = False

    def as_json(self, records: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return the batch as the service shows it: with records when it is created, without them in lists."""
        return {"id": self.id, "date": as_utc_text(self.date), "records": records or []}


@dataclass
class DeliveryTarget:
    """A delivery target of one form.

    Attributes:
        pending: ids of approved records that no batch has delivered yet, oldest first.
        undecided: ids of records that an administrator can still approve.
        batches: every batch that the service lists, oldest first.
    """

    id: int
    title: str
    submissions: RecordList
    seed: int
    lock: RLock
    pending: list[int] = field(default_factory=list)
    undecided: deque[int] = field(default_factory=deque)
    batches: list[CreatedBatch] = field(default_factory=list)
    _last_number: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the target as `deliverytargets` lists it."""
        return {"id": self.id, "title": self.title}

    def approve(self, count: int = 1) -> list[int]:
        """Approve submissions, as an administrator does, and return their ids. Missing submissions are created."""
        with self.lock:
            return [self._approve(self._next_undecided()) for _ in range(count)]

    def create_batch(self, now: datetime, limit: int) -> dict[str, Any]:
        """Deliver the next pending records, at most `limit`, and mark them as delivered."""
        with self.lock:
            taken, self.pending = self.pending[:limit], self.pending[limit:]
            taken = [record_id for record_id in taken if record_id in self.submissions]
            batch = CreatedBatch(self._new_id(), now.replace(microsecond=0), taken)
            self.batches.append(batch)
            return batch.as_json([self._deliver(record_id) for record_id in taken])

    def reset_batch(self, batch_id: str, *, keep: bool = True) -> bool:
        """Make a batch's records pending again; a second reset changes nothing. Return False for an unknown batch."""
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
        """Return the batches since a day (in UTC), without records; with `auto_open`, only those marked `auto_open`."""
        with self.lock:
            return [
                batch.as_json()
                for batch in self.batches
                if (since is None or batch.date.date() >= since) and (batch.auto_open or not auto_open)
            ]

    def add_history(self, dates: Iterable[datetime], record_ids: list[int], size: int) -> None:
        """Add batches that were delivered before the sandbox started. The newest one is marked `auto_open`."""
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
        self._last_number += 1
        words = draws(self.seed, "batch", self._last_number, self.id)
        return str(uuid.UUID(bytes=b"".join(word.to_bytes(2, "big") for word in words[:8]), version=4))
