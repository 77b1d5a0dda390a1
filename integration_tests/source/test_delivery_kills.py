"""Real processes, killed at random moments: nothing is lost, and what was confirmed is not delivered again."""

import random
from datetime import timedelta

import pytest

from integration_tests.source.delivery_platform import Platform
from integration_tests.source.delivery_process import KilledSync
from integration_tests.source.delivery_sandbox import delivery_sandbox


@pytest.mark.parametrize("seed", range(4))
def test_five_syncs_that_are_killed_in_a_row_lose_nothing(seed, tmp_path):
    chance = random.Random(seed)
    with delivery_sandbox() as service:
        service.start_over(1, 2, batch_size=10)
        platform = Platform(service)
        for _ in range(5):
            for target in service.targets:
                service.approve(target, chance.randint(0, 30))
            platform.hear(KilledSync(platform, tmp_path, chance).run(), chance)
            service.now += timedelta(hours=chance.choice([0, 1, 25]))
        platform.confirm(platform.sync())
        assert not platform.lost()
