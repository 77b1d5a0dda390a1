"""Simulates seasons of a district from seeds: syncs of both connectors are killed, and the service is unreliable.

.venv/bin/python -m integration_tests.soak.simulation --histories 1000 --kills 200 --seed 1

A history has several rounds of two syncs. The source reads record streams and deliveries, the destination writes
versions of students to the same forms. In the first histories each sync is a process that is killed, until there were
`--kills` kills; in the others the platform receives only a part of what a sync printed. At the end the service is
reliable: each record, approved submission and last version of a student must have arrived. `--only SEED` repeats one
history, with `--kills 0` without processes. Exits with 1 if something was lost, or a sync hung.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tenacity import wait_fixed

from integration_tests.soak.simulated_district import SimulatedDistrict
from integration_tests.soak.simulated_roster import RosterUpstream
from integration_tests.soak.simulated_source import SourceConnection
from integration_tests.source.delivery_sandbox import DeliverySandbox, delivery_sandbox

LONGEST_HISTORY = 600  # seconds


class HistoryHangs(Exception):
    """A history takes longer than LONGEST_HISTORY."""


@contextmanager
def simulated_service() -> Iterator[DeliverySandbox]:
    """Run a sandbox. The connectors in this process wait almost no time between attempts."""
    with (
        delivery_sandbox() as service,
        patch("powerschool_enrollment_api.retry._BACK_OFF", wait_fixed(0.001)),
        patch.object(logging.getLogger(), "handlers", [logging.NullHandler()]),
    ):
        yield service


def simulate(service: DeliverySandbox, seed: str, folder: Path, *, with_kills: bool = False) -> Counter[str]:
    """Run one history, and count what was lost, repeated, killed and synced. The same seed gives the same history.

    With kills, only the service's behaviour and the moments of the kills are the same: the speed of threads differs.
    """
    district = SimulatedDistrict(service, seed)
    source = SourceConnection(district, folder)
    upstream = RosterUpstream(district, folder)
    killed = [source.sync_until_killed, upstream.sync_until_killed]
    in_part = [source.sync_in_part, upstream.sync_in_part]
    counts: Counter[str] = Counter()
    for number in range(district.chance.randint(2, 4)):
        district.begin_round(number)
        for sync in district.shuffled(killed if with_kills else in_part):
            counts["killed"] += sync()
            counts["syncs"] += 1
    district.answer_correctly()
    upstream.complete()
    for _ in range(3):  # the first list after its creation may lack a batch, and a page may be in doubt
        source.complete()
    counts["syncs"] += 4
    return counts + source.losses() + upstream.losses()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="SEED", help="repeat one history, such as '1 17'")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _raise_hangs)
    names = [arguments.only] if arguments.only else [f"{arguments.seed} {n}" for n in range(arguments.histories)]
    with simulated_service() as service, tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names, start=1):
            signal.alarm(LONGEST_HISTORY)
            try:
                of_history = simulate(service, name, Path(folder), with_kills=counts["killed"] < arguments.kills)
            except HistoryHangs:
                of_history = Counter(hung=1)
            signal.alarm(0)
            counts += of_history
            if of_history["lost"] or of_history["hung"]:
                print(f"history {name}: {dict(of_history)}", flush=True)
            if number % 20 == 0 or number == len(names):
                seconds = time.monotonic() - began
                print(f"{number} histories, {seconds:.0f} s: {_summary(counts)}", flush=True)
    return 1 if counts["lost"] or counts["hung"] else 0


def _summary(counts: Counter[str]) -> str:
    names = ("syncs", "killed", "confirmed", "lost", "lost with a warning", "repeated", "hung")
    return ", ".join(f"{name} {counts[name]}" for name in names)


def _raise_hangs(*_: object) -> None:
    faulthandler.dump_traceback()
    raise HistoryHangs


if __name__ == "__main__":
    sys.exit(main())
