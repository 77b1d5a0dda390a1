"""Wrong answers of the service, at random: to `createbatch`, in lists of batches, to resets, and with odd dates."""

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


def can_strike(fault: str, when: str, path: str) -> bool:
    """Return whether the fault is one that a client can notice, or that does no harm."""
    if when == "before":
        return fault != "empty" or "resetbatch" not in path  # an empty success that did not act
    return not fault.startswith("4")  # a service that refuses or asks for patience has not acted


class WrongAnswers:
    """Corrupts a share of the service's answers. Lists always show a batch in the same way, be it right or wrong."""

    def __init__(self, chance: random.Random, service: DeliverySandbox) -> None:
        seed = chance.random()
        # One for each target, whose requests come in order; those of several targets do not.
        self.chances = {number: random.Random(f"{seed} {number}") for number in service.targets}
        self.rate = self.rate_in_lists = chance.choice([0.05, 0.2, 0.5])
        self.missing = chance.choice([0, 0.3, 1])  # the share of resets that are answered with 404
        service.spoil = self.spoil
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

    def spoil(self, when: str, path: str) -> str | None:
        chance = self.chances[int(path.split("/")[2])]
        if "resetbatch" in path and when == "before" and chance.random() < self.missing:
            return "404"
        if chance.random() < self.rate / 4:
            fault = chance.choice(FAULTS)
            return fault if can_strike(fault, when, path) else None
        return None
