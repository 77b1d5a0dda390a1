"""Random histories of killed syncs, lost answers and states that are never committed."""

import os
import random
from datetime import timedelta

import pytest

from integration_tests.source.delivery_platform import Platform
from integration_tests.source.delivery_sandbox import DeliverySandbox, delivery_sandbox
from integration_tests.source.wrong_delivery_answers import can_be_handled

# `make soak` sets it.
HISTORIES = int(os.environ.get("POWERSCHOOL_ENROLLMENT_SOAK_DELIVERIES", "100"))
FAULTS = ["drop", "500", "503", "html", "empty", "truncate", "429", "409"]


class RandomFaults:
    """Corrupts some answers, approves records during the sync, and fails all requests after a random one."""

    def __init__(self, chance: random.Random, service: DeliverySandbox) -> None:
        self.chance = chance
        self.service = service
        self.stop()

    def stop(self) -> None:
        self.faults, self.last_request = 0.0, 10**9

    def start(self) -> None:
        self.faults = self.chance.choice([0, 0.05, 0.3])
        self.last_request = self.service.requests + self.chance.randint(0, 30)

    def fault_for(self, when: str, path: str) -> str | None:
        if self.service.requests > self.last_request:
            return "409" if when == "before" else "drop"
        if self.chance.random() < 0.1 and self.last_request < 10**9:
            self.service.approve(self.chance.choice(list(self.service.targets)), self.chance.randint(1, 9))
        if self.chance.random() < self.faults:
            fault = self.chance.choice(FAULTS)
            return fault if can_be_handled(fault, when, path) else None
        return None


@pytest.fixture(scope="module")
def service():
    with delivery_sandbox() as running:
        yield running


def start_over(service: DeliverySandbox, chance: random.Random) -> None:
    service.start_over(
        *range(1, chance.randint(1, 3) + 1),
        batch_size=chance.choice([2, 5, 25]),
        resets_stay=chance.random() < 0.8,
        hours_off=chance.choice([-12, -6, 0, 14]),
        ignores_date=chance.random() < 0.2,
        lists_late=chance.choice([0, 0, 1, 2]),
    )


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_no_record_is_lost_when_a_process_is_killed(service, seed):
    chance = random.Random(seed)
    start_over(service, chance)
    random_faults = RandomFaults(chance, service)
    service.fault_for = random_faults.fault_for
    platform = Platform(service)
    for target in service.targets:
        service.approve(target, chance.randint(0, 25))
    for _ in range(chance.randint(1, 5)):
        random_faults.start()
        messages = platform.sync(
            queue_size=chance.choice([1, 3, 10_000]),
            today=service.now.date() + timedelta(days=chance.choice([-1, 0, 1])),
        )
        # Most syncs are killed before their last message.
        received = messages[: chance.randint(0, len(messages))] if chance.random() < 0.7 else messages
        platform.confirm_at_random(received, chance)
        service.now += timedelta(hours=chance.choice([0, 1, 25]))
    random_faults.stop()
    for _ in range(3):  # the first two lists after its creation may lack a batch
        platform.confirm(platform.sync())
    assert not platform.lost()


@pytest.mark.parametrize("seed", range(12))
def test_without_a_failure_nothing_is_repeated_and_nothing_is_reset(service, seed):
    chance = random.Random(seed)
    start_over(service, chance)
    platform = Platform(service)
    for _ in range(4):
        for target in service.targets:
            service.approve(target, chance.randint(0, 25))
        platform.confirm(platform.sync(queue_size=chance.choice([1, 3, 10_000])))
        service.now += timedelta(hours=chance.choice([0, 1, 25]))
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 0
