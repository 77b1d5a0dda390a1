"""A sandbox with only delivery targets. A test can corrupt each answer, before or after the service acted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from itertools import count
from typing import Any

from powerschool_enrollment_sandbox import District, Fault, Sandbox, running_sandbox
from powerschool_enrollment_sandbox.district.deliveries import DeliveryTarget
from powerschool_enrollment_sandbox.http.faults import Faults
from powerschool_enrollment_sandbox.settings import Settings

NOON = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)
FaultFor = Callable[[str, str], "str | None"]  # ("before" or "after" the service acted, path) → a fault's name
Answers = Callable[[dict[str, Any]], Any]  # correct answer → answer that is sent


@dataclass
class OddTarget(DeliveryTarget):
    """A target whose list of batches is odd.

    The list uses its date in another time zone (`hours_off`) or ignores it, leaves out a new batch `lists_late` times,
    and is cut to the newest `most_listed` batches. `entries` changes a batch in the list, `answers` the answer of
    `createbatch`, and `oddities` the fields of a record, by its id.
    """

    hours_off: int = 0
    ignores_date: bool = False
    lists_late: int = 0
    most_listed: int = 10**6
    answers: Answers = lambda batch: batch
    entries: Answers = lambda batch: batch
    approved: set[int] = field(default_factory=set)
    oddities: dict[int, dict[str, Any]] = field(default_factory=dict)
    _lists: int = 0
    _hidden_until: dict[str, int] = field(default_factory=dict)

    def approve(self, count: int = 1) -> list[int]:
        ids = super().approve(count)
        self.approved.update(ids)
        return ids

    def create_batch(self, now: datetime, limit: int) -> Any:
        with self.lock:
            batch = super().create_batch(now, limit)
            self._hidden_until[batch["id"]] = self._lists + self.lists_late
            return self.answers(batch)

    def reset_batch(self, batch_id: str, *, keep: bool = True) -> bool:
        known = {batch.id.upper(): batch.id for batch in self.batches}  # the list may show capitals
        return super().reset_batch(known.get(batch_id.upper(), batch_id), keep=keep)

    def get_batches(self, since: date | None = None, *, auto_open: bool = False) -> list[Any]:
        with self.lock:
            self._lists += 1
            first = None if since is None or self.ignores_date else since
            listed = [
                self.entries(batch.as_json())
                for batch in self.batches
                if self._lists > self._hidden_until[batch.id]
                and (first is None or (batch.date + timedelta(hours=self.hours_off)).date() >= first)
                and (batch.auto_open or not auto_open)
            ]
            return listed[-self.most_listed :]

    def _deliver(self, record_id: int) -> dict[str, Any]:
        return super()._deliver(record_id) | self.oddities.get(record_id, {})


def no_fault(_when: str, _path: str) -> None:
    return None


class ChosenFaults(Faults):
    """The faults that `fault_for` chooses."""

    fault_for: FaultFor = staticmethod(no_fault)

    def for_request(self, _method: str, path: str) -> list[Fault]:
        named = ((when == "after", self.fault_for(when, path)) for when in ("before", "after"))
        return [_fault(name, after_acting=after) for after, name in named if name][:1]


def _fault(name: str, *, after_acting: bool) -> Fault:
    if name in {"drop", "truncate"}:
        return Fault(name, after_acting=after_acting)
    if name in {"html", "empty"}:
        return Fault("status", status=200, body=name, after_acting=after_acting)
    return Fault("status", status=int(name), after_acting=after_acting)


@dataclass
class DeliverySandbox:
    """A sandbox whose targets, clock and faults a test sets, and whose requests the test counts."""

    sandbox: Sandbox

    def start_over(
        self,
        *target_ids: int,
        batch_size: int = 25,
        resets_stay: bool = True,
        forms: int = 1,
        records_per_form: int = 0,
        **oddity: Any,
    ) -> None:
        """Replace the district by one with these targets, without batches, and clear the journal.

        `resets_stay`: the list still shows a batch after its reset. `oddity` has fields of OddTarget.
        """
        district = District.generate(
            forms=forms,
            roster_records_per_form=records_per_form,
            submission_records_per_form=records_per_form,
            data_items=5,
            delivery_targets=0,
        )
        submissions = next(iter(district.forms.values())).submissions
        for number in target_ids:
            district.delivery_targets[number] = OddTarget(
                number, f"Warehouse {number}", submissions, number, district.lock, **oddity
            )
        self.sandbox.service.settings = Settings(batch_limit=batch_size, reset_batches_stay=resets_stay)
        self.sandbox.service.faults = ChosenFaults()
        self.sandbox.journal.clear()
        self.sandbox.district = district
        self.now = NOON

    @property
    def targets(self) -> dict[int, DeliveryTarget]:
        return self.sandbox.district.delivery_targets

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    @now.setter
    def now(self, moment: datetime) -> None:
        self.sandbox.clock.freeze(moment)

    @property
    def fault_for(self) -> FaultFor:
        return self.sandbox.faults.fault_for

    @fault_for.setter
    def fault_for(self, fault_for: FaultFor) -> None:
        self.sandbox.faults.fault_for = fault_for

    def fail_once(self, fault: str, when: str, what: str = "createbatch", *, at_call: int = 1) -> None:
        """Cause the fault once, "before" or "after" the service acts: at the n-th call of a path with `what`."""
        calls = count(1)

        def fault_for(moment: str, path: str) -> str | None:
            return fault if moment == when and what in path and next(calls) == at_call else None

        self.fault_for = fault_for

    def deliver(self, target: int, moment: datetime | None = None) -> None:
        """Create a batch, as another client does, or a sync that never received the answer."""
        self.targets[target].create_batch(moment or self.now, self.sandbox.settings.batch_limit)

    def approve(self, target: int, count: int) -> list[int]:
        return self.targets[target].approve(count)

    @property
    def requests(self) -> int:
        return len(self.sandbox.journal)

    def calls(self) -> list[int]:
        """Return the numbers of requests that create a batch, list batches, and reset a batch."""
        count = self.sandbox.journal.count
        return [
            count("POST", "/deliverytargets/*/createbatch"),
            count("GET", "/deliverytargets/*/getbatches/*"),
            count("POST", "/deliverytargets/*/resetbatch/*"),
        ]


@contextmanager
def delivery_sandbox() -> Iterator[DeliverySandbox]:
    with running_sandbox(district=District.generate(forms=0, delivery_targets=0, checklists=0)) as sandbox:
        yield DeliverySandbox(sandbox)
