"""Runs the commands of docs/runners.md and prints a table of what passed: `make runners`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from integration_tests.postgres.server import INSTALLED
from integration_tests.runners.outcomes import Outcome, table
from integration_tests.runners.page import BEFORE, PAGE, ROOT, Section, sections
from integration_tests.runners.services import running_services

FOLDER = ROOT / ".cache" / "runners"
TIMEOUT_MINUTES = 30  # for one runner, including its installation


def main(names: Sequence[str]) -> None:
    """Run these sections, or all of them. Exit with 1 if one fails; one that needs a missing PostgreSQL is skipped."""
    chosen = [section for section in sections(PAGE.read_text(encoding="utf-8")) if section.name != BEFORE]
    if unknown := set(names) - {section.name for section in chosen}:
        known = ", ".join(section.name for section in chosen)
        sys.exit(f"Not a runner of the page: {', '.join(unknown)}. The runners are: {known}")
    if not shutil.which("jq"):
        sys.exit("jq is not on PATH: install it.")
    os.umask(0o077)
    shutil.rmtree(FOLDER, ignore_errors=True)
    with running_services() as environment:
        rows, failures = _run_all([section for section in chosen if not names or section.name in names], environment)
    print(table(rows), *failures, sep="\n\n")
    sys.exit(1 if failures else 0)


def _run_all(chosen: Sequence[Section], environment: Mapping[str, str]) -> tuple[list[tuple[str, ...]], list[str]]:
    rows, failures = [], []
    for section in chosen:
        if section.needs_postgres and not INSTALLED:
            rows.append((section.name, "skipped: PostgreSQL is not installed", "", "", "", ""))
            continue
        outcome = _run(section, environment)
        rows.append(outcome.row)
        if outcome.failure:
            failures.append(f"{section.name}: {outcome.failure}")
    return rows, failures


def _run(section: Section, environment: Mapping[str, str]) -> Outcome:
    print(f"{section.name} …", file=sys.stderr, flush=True)
    with subprocess.Popen(
        ["bash", "-euc", section.script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=60 * TIMEOUT_MINUTES)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            printed, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    return Outcome(section, process.returncode, printed)


if __name__ == "__main__":
    main(sys.argv[1:])
