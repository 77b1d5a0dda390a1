"""Real processes, killed at random moments: no record is lost."""

import random
from datetime import timedelta

import pytest

from integration_tests.source.delivery_platform import Platform
from integration_tests.source.delivery_process import KilledSync
from integration_tests.source.delivery_sandbox import delivery_sandbox
from integration_tests.source.wrong_delivery_answers import WrongAnswers


@pytest.mark.parametrize(("seed", "is_unreliable"), [(0, False), (1, False), (2, True), (3, True)])
def test_five_syncs_that_are_killed_in_a_row_lose_nothing(seed, is_unreliable, tmp_path):
    chance = random.Random(seed)
    with delivery_sandbox() as service:
        service.start_over(1, 2, batch_size=10)
        platform = Platform(service)
        wrong_answers = WrongAnswers(chance, service) if is_unreliable else None
        for _ in range(5):
            for target in service.targets:
                service.approve(target, chance.randint(0, 30))
            platform.confirm_at_random(KilledSync(platform, tmp_path, chance).run(), chance)
            service.now += timedelta(hours=chance.choice([0, 1, 25]))
        if wrong_answers:
            wrong_answers.stop()
        platform.confirm(platform.sync())
        assert not platform.lost()
