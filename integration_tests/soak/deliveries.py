"""Kills syncs of `delivered_records` at random moments, and exits with 1 if a record was lost.

.venv/bin/python -m integration_tests.soak.deliveries --kills 200 --seed 1
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from integration_tests.source.delivery_platform import Platform
from integration_tests.source.delivery_process import KilledSync
from integration_tests.source.delivery_sandbox import DeliverySandbox, delivery_sandbox

SYNCS_PER_CONNECTION = 10


def kill_syncs_of_one_connection(service: DeliverySandbox, chance: random.Random, folder: Path) -> Platform:
    """Kill one connection's syncs one after another, then run a sync to its end."""
    service.start_over(1, 2, 3, batch_size=chance.choice([3, 10, 25]), resets_stay=chance.random() < 0.8)
    platform = Platform(service)
    for _ in range(SYNCS_PER_CONNECTION):
        for target in service.targets:
            service.approve(target, chance.randint(0, 60))
        platform.confirm_at_random(KilledSync(platform, folder, chance).run(), chance)
        service.now += timedelta(hours=chance.choice([0, 1, 25]))
    platform.confirm(platform.sync())
    return platform


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lost = repeated = confirmed = batches = resets = 0
    with delivery_sandbox() as service, tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.kills // SYNCS_PER_CONNECTION):
            platform = kill_syncs_of_one_connection(
                service, random.Random(arguments.seed * 1000 + number), Path(folder)
            )
            created, _, reset = service.calls()
            batches, resets = batches + created, resets + reset
            lost, repeated = lost + len(platform.lost()), repeated + len(platform.repeated())
            confirmed += len(platform.confirmed)
            print(f"{(number + 1) * SYNCS_PER_CONNECTION} syncs killed: {confirmed} confirmed, {lost} lost", flush=True)
    print(f"batches created {batches}, reset {resets}; records confirmed {confirmed}, repeated {repeated}, lost {lost}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
