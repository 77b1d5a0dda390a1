"""Kills the destination at random moments, and fails if it emitted a state before that state's rows were written.

.venv/bin/python -m integration_tests.soak.destination 200
"""

import sys
import tempfile
import time
from pathlib import Path

from integration_tests.destination.harness import EnrollmentHarness
from integration_tests.destination.stand_in import StandIn
from integration_tests.destination.write_contract import kill_once


def main(kills: int = 200) -> None:
    states = 0
    began = time.monotonic()
    for seed in range(1000, 1000 + kills):
        with StandIn() as service, tempfile.TemporaryDirectory() as folder:
            states += kill_once(EnrollmentHarness(service, Path(folder)), seed)
    print(
        f"{kills} syncs killed at random moments in {time.monotonic() - began:.0f} s: "
        f"{states} states were emitted, each after its rows were written, in order."
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
