"""Random wrong answers of the service to `createbatch`, `resetbatch` and lists of batches, also with odd dates."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from integration_tests.source.delivery_sandbox import DeliverySandbox

Batch = dict[str, Any]


def without_records(batch: Batch) -> Batch:
    return {key: value for key, value in batch.items() if key != "records"}


def in_capitals(batch: Batch) -> Batch:
    return {"ID": batch["id"].upper(), "Date": batch["date"], "Records": batch["records"]}


ANSWERS: list[Callable[[Batch], Any]] = [
    in_capitals,
    without_records,
    lambda batch: [batch],
    lambda batch: [batch | {"records": None}],
    lambda batch: batch | {"records": {}},
    lambda batch: batch | {"date": None},
    lambda batch: without_records(batch) | {"submissions": batch["records"]},
    lambda batch: {"batch": batch},
    lambda _: [],
]
ENTRIES: list[Callable[[Batch], Any]] = [
    in_capitals,
    without_records,
    lambda batch: batch | {"records": {}},
    lambda batch: batch | {"date": None},
    lambda batch: batch | {"date": "soon"},
    lambda batch: batch | {"date": "0001-01-01T00:00:00"},
    lambda batch: batch | {"date": "2099-01-01T00:00:00Z"},
    lambda batch: batch | {"id": batch["id"].upper()},
]
LOSSES = ("It counts as reset from now on", "cannot be delivered again")  # warnings that report a loss
FAULTS = ["drop", "500", "503", "html", "empty", "truncate", "429", "409", "404"]


def can_be_handled(fault: str, when: str, path: str) -> bool:
    """Return whether a correct client can handle the fault: it can detect the fault, or the fault does no harm."""
    if when == "before":
        return fault != "empty" or "resetbatch" not in path  # no client could detect that the batch was not reset
    return not fault.startswith("4")  # after a 4xx a client may assume that nothing happened


class WrongAnswers:
    """Corrupts a share of the service's answers. A list shows a batch in the same way each time."""

    def __init__(self, chance: random.Random, service: DeliverySandbox) -> None:
        seed = chance.random()
        # One per target, because only the requests of one target come in a fixed order.
        self.chances = {number: random.Random(f"{seed} {number}") for number in service.targets}
        self.rate = self.rate_in_lists = chance.choice([0.05, 0.2, 0.5])
        self.missing = chance.choice([0, 0.3, 1])  # the share of resets that are answered with 404
        service.fault_for = self.fault_for
        for number, target in service.targets.items():
            target.answers = partial(self.answer, self.chances[number])
            target.entries = self.entry

    def stop(self) -> None:
        self.rate = self.missing = 0

    def answer(self, chance: random.Random, batch: Batch) -> Any:
        return chance.choice(ANSWERS)(batch) if chance.random() < self.rate else batch

    def entry(self, batch: Batch) -> Any:
        chance = random.Random(batch["id"])
        return chance.choice(ENTRIES)(batch) if chance.random() < self.rate_in_lists else batch

    def fault_for(self, when: str, path: str) -> str | None:
        chance = self.chances[int(path.split("/")[2])]
        if "resetbatch" in path and when == "before" and chance.random() < self.missing:
            return "404"
        if chance.random() < self.rate / 4:
            fault = chance.choice(FAULTS)
            return fault if can_be_handled(fault, when, path) else None
        return None
