"""The source against a stock manifest and a loop with `requests`: roster records, in one run over the sandbox.

python benchmarks/source.py                         # the table of docs/performance.md
python benchmarks/source.py --case "15,000 records" --runs 1
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from powerschool_enrollment_sandbox import SandboxProcess

SOURCE = [str(Path(sys.executable).with_name("source-powerschool-enrollment"))]
STOCK = [sys.executable, str(Path(__file__).with_name("stock_manifest.py"))]
LOOP = [sys.executable, str(Path(__file__).with_name("requests_loop.py"))]
CATALOG = {
    "streams": [
        {
            "stream": {"name": "roster_records", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
    ]
}


@dataclass(frozen=True)
class Case:
    name: str
    forms: int
    records: int
    page_size: int
    latency_ms: int


CASES = [
    Case("15,000 records, no latency", 1, 15_000, 1000, 0),
    Case("50,000 records, 100 ms", 1, 50_000, 50, 100),
    Case("10 forms of 5,000, 100 ms", 10, 5_000, 50, 100),
    Case("100,000 records, no latency", 1, 100_000, 1000, 0),
]


@dataclass(frozen=True)
class Measured:
    wall: float
    cpu: float
    megabytes: float
    requests: int
    records: int


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", default="", help="only cases whose name holds this text")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    table = Table("Case", "Reader", "Wall s", "CPU s", "Memory MB", "Requests", "Records", "Source is faster")
    for case in CASES:
        if options.case in case.name:
            for row in rows(case, options.runs):
                table.add_row(*row)
    Console(width=140).print(table)


def rows(case: Case, runs: int) -> Iterator[tuple[str, ...]]:
    readers = {"source, 20 workers": SOURCE, "stock manifest": STOCK, "requests loop": LOOP}
    with district(case) as (sandbox, config):
        warm = {**config, "page_size": case.page_size}
        measure(LOOP, sandbox, warm)  # the sandbox makes its pages when they are first asked for
        taken = {name: [measure(command, sandbox, warm) for _ in range(runs)] for name, command in readers.items()}
    ours = median(run.wall for run in taken["source, 20 workers"])
    for name, measured in taken.items():
        wall = median(run.wall for run in measured)
        yield (
            case.name,
            name,
            f"{wall:.1f}",
            f"{median(run.cpu for run in measured):.1f}",
            f"{median(run.megabytes for run in measured):.0f}",
            f"{measured[0].requests:,}",
            f"{measured[0].records:,}",
            f"{wall / ours:.1f}",
        )


@contextmanager
def district(case: Case) -> Iterator[tuple[SandboxProcess, dict[str, Any]]]:
    plan = {"forms": case.forms, "roster_records": case.records, "submission_records": 0, "data_items": 60}
    with SandboxProcess(**plan, latency_ms=case.latency_ms, page_cache_bytes=1_500_000_000) as sandbox:
        yield sandbox, {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "num_workers": 20}


def measure(command: list[str], sandbox: SandboxProcess, config: dict[str, Any]) -> Measured:
    """Run a reader to its end, and take what the operating system says of it."""
    sandbox.clear_journal()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, content in {"config": config, "catalog": CATALOG}.items():
            paths.append(Path(folder, name))
            paths[-1].write_text(json.dumps(content))
        before = time.monotonic()
        process = subprocess.Popen(
            [*command, "read", "--config", str(paths[0]), "--catalog", str(paths[1])], stdout=subprocess.PIPE
        )
        records = sum(line.startswith(b'{"type":"RECORD"') for line in process.stdout or ())
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - before
    if status:
        raise RuntimeError(f"{command} failed")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, sandbox.count("GET"), records)


if __name__ == "__main__":
    main()
