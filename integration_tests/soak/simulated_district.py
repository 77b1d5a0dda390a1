"""A district of a simulation: its data change, and its service fails and answers wrongly, all from one seed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from integration_tests.source.delivery_sandbox import DeliverySandbox
from integration_tests.source.record_platform import edit_some
from integration_tests.source.wrong_delivery_answers import WrongAnswers, can_be_handled
from powerschool_enrollment_sandbox import Change, District
from powerschool_enrollment_sandbox.district.record_list import RecordList
from powerschool_enrollment_sandbox.http.journal import JournalEntry

Item = TypeVar("Item")
FAULTS = ["drop", "500", "503", "html", "empty", "truncate", "429"]
LISTS = ("/rosterrecords", "/submissionrecords")


class SimulatedDistrict:
    """The service of one history. A request's fault depends on the seed, the path and how often it was requested."""

    def __init__(self, service: DeliverySandbox, seed: str) -> None:
        self.service = service
        self.seed = seed
        self.chance = chance = random.Random(seed)
        service.start_over(
            *range(1, chance.randint(1, 2) + 1),
            batch_size=chance.choice([3, 10, 25]),
            resets_stay=chance.random() < 0.8,
            forms=2,
            records_per_form=chance.choice([8, 30]),
            hours_off=chance.choice([-12, 0, 14]),
            lists_late=chance.choice([0, 0, 1]),
        )
        service.sandbox.settings.refuse_started = False
        service.sandbox.changes.clear()
        self.wrong_answers = WrongAnswers(chance, service)
        self.rate = chance.choice([0, 0.02, 0.1])
        self._edits: dict[tuple[RecordList, int], str] = {}
        self._requests: Counter[str] = Counter()
        self._lock = threading.Lock()
        service.fault_for = self.fault_for
        service.sandbox.on_answer = self.wrong_page

    @property
    def data(self) -> District:
        return self.service.sandbox.district

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        return self.chance.sample(items, len(items))

    def begin_round(self, number: int) -> None:
        """Change records, approve submissions, move the clock, and choose what changes while records are read."""
        if self._edits and self.chance.random() < 0.5:
            self._undo_edits()
        elif number:
            self._edits = edit_some(self.data, self.chance)
        if number:
            self.service.now += timedelta(hours=self.chance.choice([-1, 0, 1, 25]))
        for target in self.service.targets:
            self.service.approve(target, self.chance.randint(0, 30))
        changes = self.service.sandbox.changes
        changes.clear()
        kinds = self.chance.sample(["insert", "edit", "remove"], self.chance.randint(0, 2))
        if kinds:
            changes.add(Change(path="*/rosterrecords", every=3, times=4, **dict.fromkeys(kinds, 1)))

    def _undo_edits(self) -> None:
        """Undo the edits of the last round: a killed sync may have emitted them without a state."""
        for (records, record_id), status in self._edits.items():
            if record_id in records:
                records.edit(record_id, status=status)
        self._edits = {}

    def answer_correctly(self) -> None:
        """Stop all faults and wrong answers, except in the lists of batches: they show a batch as before."""
        self.service.sandbox.changes.clear()
        self.wrong_answers.stop()
        self.rate = 0

    def fault_for(self, when: str, path: str) -> str | None:
        """Return the fault of a request, before or after the service acts."""
        if path.startswith("/deliverytargets/"):
            return self.wrong_answers.fault_for(when, path)
        chance = self._chance_of(f"{when} {path}")
        if chance.random() >= self.rate:
            return None
        fault = chance.choice(FAULTS)
        return fault if can_be_handled(fault, when, path) else None

    def wrong_page(self, entry: JournalEntry, payload: Any) -> Any:
        """Return a page of records, for a share of the requests with wrong metadata, ids or fields."""
        chance = self._chance_of(f"wrong page {entry.path} {entry.query}")
        if not entry.path.endswith(LISTS) or chance.random() >= self.rate * 3:
            return payload
        wrong = chance.choice(["page count", "record count", "text ids", "fields"])
        metadata = payload["metaData"]
        if wrong == "page count":
            metadata["pageCount"] = max(1, metadata["pageCount"] - 1)
        elif wrong == "record count":
            metadata["recordCount"] += 3
        elif wrong == "text ids":
            payload["records"] = [{**each, "id": str(each["id"])} for each in payload["records"]]
        else:
            payload["records"] = [{**each, "tags": None, "dataItems": [1]} for each in payload["records"]]
        return payload

    def _chance_of(self, what: str) -> random.Random:
        with self._lock:
            self._requests[what] += 1
            return random.Random(f"{self.seed} {what} {self._requests[what]}")
