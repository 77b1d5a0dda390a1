"""Random histories of wrong answers and killed syncs: each record arrives, or a warning reports the loss."""

import logging
import random
from datetime import timedelta

import pytest

from integration_tests.source.delivery_platform import Platform, shape
from integration_tests.source.delivery_sandbox import delivery_sandbox
from integration_tests.source.wrong_delivery_answers import LOSSES, WrongAnswers


@pytest.fixture(scope="module")
def service():
    with delivery_sandbox() as running:
        yield running


def start_over(service, chance):
    service.start_over(
        *range(1, chance.randint(1, 2) + 1),
        batch_size=chance.choice([1, 5, 25]),
        resets_stay=chance.random() < 0.8,
        hours_off=chance.choice([-12, 0, 14]),
        ignores_date=chance.random() < 0.3,
        lists_late=chance.choice([0, 0, 1]),
        most_listed=chance.choice([50, 10**6]),
    )


def damage(platform, chance):
    """Change the state as a user may do by mistake: a date in the future, or ids in capitals."""
    for target in platform.state.get("delivery_targets", {}).values():
        if chance.random() < 0.2:
            target["since"] = "2099-01-01"
        if chance.random() < 0.2:
            target["settled"] = [batch_id.upper() for batch_id in target["settled"]]


@pytest.mark.parametrize("seed", range(60))
def test_each_record_arrives_or_a_warning_reports_the_loss(service, seed, caplog):
    chance = random.Random(seed)
    start_over(service, chance)
    wrong_answers = WrongAnswers(chance, service)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        for _ in range(chance.randint(1, 5)):
            for target in service.targets:
                service.approve(target, chance.randint(0, 25))
            messages = platform.sync(today=service.now.date() + timedelta(days=chance.choice([-1, 0, 1])))
            is_killed = chance.random() < 0.5
            received = messages[: chance.randint(0, len(messages))] if is_killed else messages
            platform.confirm_at_random(received, chance)
            damage(platform, chance)
            service.now += timedelta(hours=chance.choice([0, 1, 25]))
        wrong_answers.stop()
        for _ in range(3):  # the first list after its creation may lack a batch
            messages = platform.sync()
            platform.confirm(messages)
    assert "F" not in shape(messages)
    assert not platform.lost() or any(loss in message for message in caplog.messages for loss in LOSSES)
