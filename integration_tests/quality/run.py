"""Runs Airbyte's QA checks on both connectors, and compares with docs/quality.md: `make qa`."""

from __future__ import annotations

import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from integration_tests.quality.checks import run_all
from integration_tests.quality.monorepo import CONNECTORS, REPOSITORY, lay_out
from integration_tests.quality.outcomes import KINDS, Outcome, differences, documented, totals


def main() -> None:
    outcomes = _outcomes()
    for outcome in outcomes:
        print(outcome)
    print()
    for kind in KINDS:
        statuses = [outcome.status for outcome in outcomes if outcome.kind == kind]
        print(f"{kind}, {len(statuses)} checks: {totals(statuses)}")
    found = list(differences(documented((REPOSITORY / "docs" / "quality.md").read_text()), outcomes))
    sys.exit("\n".join(["", "The outcome differs from docs/quality.md:", *found]) if found else 0)


def _outcomes() -> list[Outcome]:
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        lay_out(Path())
        return [outcome for name in CONNECTORS for outcome in run_all(name)]


main()
