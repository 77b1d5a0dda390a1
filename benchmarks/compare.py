"""Compares this source with other ways to read the same data from the same sandbox, and prints Markdown tables.

    make bench                                   # all cases, median of three
    python -m benchmarks.compare --case a --repeat 1

Each program is a separate process, and so is the sandbox, which has all pages ready before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Measured, lines_with, measure
from benchmarks.programs import (
    BIN,
    HERE,
    Program,
    builder_manifest,
    dlt_rest_api,
    requests_loop,
    singer_tap,
    this_source,
)
from powerschool_enrollment_sandbox import SandboxProcess

OURS = "this source"
BUILDER = "Connector Builder manifest"
WORKERS = 20
Rows = dict[str, Measured]


class Bench:
    """Runs each program several times, in turns, so that a slow minute of the machine affects all of them."""

    def __init__(self, repeat: int) -> None:
        self.repeat = repeat

    def compare(self, sandbox: SandboxProcess, programs: Mapping[str, Program]) -> Rows:
        runs: dict[str, list[Measured]] = {name: [] for name in programs}
        for _ in range(self.repeat):
            for name, program in programs.items():
                runs[name].append(self.run(sandbox, program))
                print(f"  {name}: {runs[name][-1].wall:.1f} s", file=sys.stderr)
        return {name: Measured.median_of(measured) for name, measured in runs.items()}

    def run(self, sandbox: SandboxProcess, program: Program, keep_output: Path | None = None) -> Measured:
        return measure(program.command, program.environment, sandbox, program.records_in, keep_output)


@contextmanager
def sandbox_of(page_size: int, latency_ms: float = 0, **options: int) -> Iterator[tuple[SandboxProcess, Path]]:
    """Yield a sandbox that has prepared all its pages, and a temporary folder."""
    with SandboxProcess(submission_records=0, **options) as sandbox, tempfile.TemporaryDirectory() as folder:
        program = requests_loop(sandbox, page_size)
        measure(program.command, program.environment, sandbox, program.records_in)
        sandbox.change_settings(latency_ms=latency_ms)
        yield sandbox, Path(folder)


def peers(sandbox: SandboxProcess, folder: Path, page_size: int, workers: int) -> dict[str, Program]:
    return {
        OURS: this_source(sandbox, folder, page_size, workers),
        "`requests` loop": requests_loop(sandbox, page_size),
        BUILDER: builder_manifest(sandbox, folder, page_size, workers),
        "dlt `rest_api`": dlt_rest_api(sandbox, page_size),
        "Singer tap": singer_tap(sandbox, page_size),
    }


def one_form(bench: Bench) -> None:
    """(a) One form of 50,000 records, page size 50, 100 ms per request, 20 workers."""
    with sandbox_of(50, 100, forms=1, roster_records=50_000) as (sandbox, folder):
        print_table(bench.compare(sandbox, peers(sandbox, folder, 50, WORKERS)))


def ten_forms(bench: Bench) -> None:
    """(b) Ten forms of 5,000 records, page size 50, 100 ms per request, 20 workers or threads."""
    with sandbox_of(50, 100, forms=10, roster_records=5_000) as (sandbox, folder):
        programs = peers(sandbox, folder, 50, WORKERS)
        programs["dlt `rest_api`, `parallelized`"] = dlt_rest_api(sandbox, 50, parallelized=True)
        print_table(bench.compare(sandbox, programs))


def no_latency(bench: Bench) -> None:
    """(c) 100,000 records of 60 data items (and 400,000), page size 1,000, no latency, 8 workers or threads."""
    with sandbox_of(1000, forms=4, roster_records=25_000, data_items=60) as (sandbox, folder):
        rows = bench.compare(sandbox, peers(sandbox, folder, 1000, 8))
    with sandbox_of(1000, forms=4, roster_records=100_000, data_items=60) as (sandbox, folder):
        rows["this source, 400,000 records"] = bench.run(sandbox, this_source(sandbox, folder, 1000, 8))
    print_table(rows)


def incremental(bench: Bench) -> None:
    """(d) 50,000 records, page size 100: the first incremental sync, one with nothing new, one with 1 % changed."""
    with sandbox_of(100, forms=1, roster_records=50_000) as (sandbox, folder):
        form = sandbox.district()["forms"][0]["id"]
        rows, state = {}, []
        for name, edits in (("first sync", 0), ("nothing changed", 0), ("1 % changed, at the end", 500)):
            if edits:
                sandbox.edit_records(form, "roster", edits, "end")
            output = folder / "output"
            rows[name] = bench.run(sandbox, this_source(sandbox, folder, 100, 8, state), output)
            state = last_state(output)
        print_table(rows, baseline="first sync")
        size = len(json.dumps(state[0]["stream"]["stream_state"], separators=(",", ":")))
        print(f"\nThe state takes {size:,} bytes for 500 pages of one form.")


def to_duckdb(bench: Bench) -> None:
    """(e) From the API into DuckDB: 6 forms of 5,000 records, page size 1,000, 50 ms per request."""
    script = HERE.parent / "examples" / "sync_to_duckdb.py"
    with sandbox_of(1000, 50, forms=6, roster_records=5_000) as (sandbox, folder):
        environment = {
            "POWERSCHOOL_ENROLLMENT_API_KEY": sandbox.api_key,
            "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url,
        }
        programs = {
            OURS: Program([str(BIN / "python"), str(script)], environment, lambda _: 30_000),
            "dlt to DuckDB": dlt_rest_api(sandbox, 1000, folder / "dlt.duckdb", parallelized=True),
        }
        print_table(bench.compare(sandbox, programs))


def processor_time(bench: Bench) -> None:
    """(f) Processor time without that of `spec`: 15,000 records of 60 data items, page size 1,000, no latency."""
    with sandbox_of(1000, forms=3, roster_records=5_000, data_items=60) as (sandbox, folder):
        spec = Program([str(BIN / "source-powerschool-enrollment"), "spec"], {}, lines_with(b'"RECORD"'))
        programs = {
            "`spec`": spec,
            OURS: this_source(sandbox, folder, 1000, 8),
            BUILDER: builder_manifest(sandbox, folder, 1000, 8),
        }
        rows = bench.compare(sandbox, programs)
    print_table(rows)
    ours, builder = (rows[name].cpu - rows["`spec`"].cpu for name in (OURS, BUILDER))
    print(f"\nWithout that of `spec`: {ours:.2f} s, manifest {builder:.2f} s, ratio {ours / builder:.2f}.")


CASES: dict[str, Callable[[Bench], None]] = {
    "a": one_form,
    "b": ten_forms,
    "c": no_latency,
    "d": incremental,
    "e": to_duckdb,
    "f": processor_time,
}


def last_state(output: Path) -> list[dict[str, object]]:
    with output.open("rb") as lines:
        state = json.loads([line for line in lines if b'"type":"STATE"' in line][-1])["state"]
    return [{"type": state["type"], "stream": state["stream"]}]


def print_table(rows: Rows, baseline: str = OURS) -> None:
    print("| | wall | CPU | peak memory | requests | records out | wall, as a multiple |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, row in rows.items():
        print(
            f"| {name} | {row.wall:.1f} s | {row.cpu:.1f} s | {row.memory:.0f} MB | {row.requests:,} "
            f"| {row.records:,} | {row.wall / rows[baseline].wall:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="all, unless one or more are named")
    parser.add_argument("--repeat", type=int, default=3, help="how often to run each program (default: 3)")
    arguments = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, median of {arguments.repeat}.")
    for case in arguments.case or sorted(CASES):
        print(f"\n{CASES[case].__doc__}\n", flush=True)
        CASES[case](Bench(arguments.repeat))


if __name__ == "__main__":
    main()
