"""Runs this destination and a stand-in for the service for the tests of `write_contract.py`."""

import random
from pathlib import Path
from typing import Any

from integration_tests.destination.session import Session, catalog, config, in_a_forked_process, in_this_process, record
from integration_tests.destination.stand_in import Arrival, Reply, StandIn
from integration_tests.destination.write_contract import STREAMS

REJECTED = {"status": "Error", "errors": ["The record could not be verified."]}


class EnrollmentHarness:
    """A row has its number in the field Comment and its key in StudentID."""

    def __init__(self, service: StandIn, folder: Path) -> None:
        self._service = service
        self._folder = folder
        self._rejected: set[int] = set()
        self._randomness: random.Random | None = None
        service.answer = self._answer

    def start(self, *, workers: int = 16, skips_rejected: bool = False, killable: bool = False) -> Session:
        policy = {"policy": "skip", "max_rejected_percent": 50} if skips_rejected else {"policy": "fail"}
        options = config(self._service, *STREAMS, num_workers=workers, on_rejected_row=policy)
        start = in_a_forked_process if killable else in_this_process
        return Session(self._folder, options, catalog(*STREAMS), start=start)

    def row(self, stream: str, number: int, key: str) -> dict[str, Any]:
        return record({"StudentID": key, "FirstName": "Ann", "Comment": str(number)}, stream)

    def answer_unreliably(self, seed: int) -> None:
        self._randomness = random.Random(seed)

    def reject(self, numbers: set[int]) -> None:
        self._rejected = numbers

    def written(self) -> set[int]:
        return {int(body["Comment"]) for body in self._service.answered}

    def spans(self) -> list[tuple[str, int, float, float]]:
        arrivals = sorted(self._service.arrivals, key=lambda arrival: arrival.started)
        return [
            (arrival.body["StudentID"], int(arrival.body["Comment"]), arrival.started, arrival.answered or 0)
            for arrival in arrivals
        ]

    def _answer(self, arrival: Arrival) -> Reply:
        delay = 0.0
        if self._randomness is not None:
            delay = self._randomness.random() * 0.03
            if arrival.attempt == 1 and self._randomness.random() < 0.02:
                return Reply(503, "<html>Down for a moment</html>", delay)
        if int(arrival.body["Comment"]) in self._rejected:
            return Reply(body=REJECTED, delay=delay)
        return Reply(delay=delay)
