"""Compares reading documents, and single records, in parallel with reading them one after another.

    python -m benchmarks.documents                            # both cases, three runs each
    python -m benchmarks.documents --case documents --repeat 1

A sandbox in a separate process answers; the connector runs as the platform runs it. The baseline is a loop of requests
over one connection. It knows all ids from the start, and its start-up is not measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import requests

from benchmarks.measure import Measured, measure
from benchmarks.programs import BIN, as_files, count_airbyte_records
from powerschool_enrollment_sandbox import SandboxProcess

LATENCY_MS, WORKERS = 50, 16
DOCUMENT_BYTES = 1_000_000
DOCUMENT_RECORDS = 375  # the sandbox's families upload about four documents for three records: 511
DETAIL_RECORDS = 2_000
SOURCE = str(BIN / "source-powerschool-enrollment")


@dataclass(frozen=True)
class Run:
    """A run of the source, the seconds of a run of the loop, and the seconds of a command that only starts."""

    source: Measured
    loop: float
    start_up: float

    @property
    def ratio(self) -> float:
        return self.loop / self.source.wall

    @property
    def ratio_without_start_up(self) -> float:
        return self.loop / (self.source.wall - self.start_up)


def documents(repeat: int) -> Iterator[Run]:
    """Documents of 1 MB with file transfer, each compared byte for byte."""
    fields = [{"field": "doc_BirthCertificate"}, {"field": "doc_ProofOfResidency"}]
    with SandboxProcess(
        forms=1, submission_records=DOCUMENT_RECORDS, document_bytes=DOCUMENT_BYTES, latency_ms=LATENCY_MS
    ) as sandbox:
        for _ in range(repeat):
            with tempfile.TemporaryDirectory() as folder:
                source, records = read(sandbox, Path(folder), "documents", documents=fields)
                digests = {record["data"]["object_id"]: digest(staged(record)) for record in records}
                session = session_of(sandbox)

                def fetch(object_id: str, session=session) -> bytes:
                    address = session.get(f"{sandbox.base_url}/documents/{object_id}", timeout=60).json()
                    return session.get(address, auth=no_key, timeout=60).content

                fetched, loop = one_after_another(fetch, list(digests))
                assert fetched == digests
                yield Run(source, loop, start_up(sandbox))


def details(repeat: int) -> Iterator[Run]:
    """Single roster records; the loop's rate is taken from a quarter of them."""
    with SandboxProcess(forms=1, roster_records=DETAIL_RECORDS, latency_ms=LATENCY_MS) as sandbox:
        for _ in range(repeat):
            with tempfile.TemporaryDirectory() as folder:
                source, records = read(sandbox, Path(folder), "roster_record_details")
                session = session_of(sandbox)

                def fetch(record_id: int, session=session) -> bytes:
                    return session.get(f"{sandbox.base_url}/rosterrecords/{record_id}", timeout=60).content

                ids = [record["data"]["id"] for record in records]
                assert len(set(ids)) == DETAIL_RECORDS
                _, quarter = one_after_another(fetch, ids[::4])
                yield Run(source, 4 * quarter, start_up(sandbox))


CASES: dict[str, Callable[[int], Iterator[Run]]] = {"documents": documents, "details": details}


def read(
    sandbox: SandboxProcess, folder: Path, stream_name: str, **options: Any
) -> tuple[Measured, list[dict[str, Any]]]:
    """Read a stream, with its files if it has any; return the measurement and the records."""
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "num_workers": WORKERS, **options}
    stream = {"name": stream_name, "json_schema": {}, "supported_sync_modes": ["full_refresh"], "is_file_based": True}
    chosen = {
        "stream": stream,
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
        "include_files": True,
    }
    command = [SOURCE, "read", *as_files(folder, {"config": config, "catalog": {"streams": [chosen]}})]
    staging, output = folder / "staging", folder / "output"
    staging.mkdir()
    measured = measure(command, {"AIRBYTE_STAGING_DIRECTORY": str(staging)}, sandbox, count_airbyte_records, output)
    messages = map(json.loads, output.read_bytes().splitlines())
    return measured, [message["record"] for message in messages if message["type"] == "RECORD"]


def start_up(sandbox: SandboxProcess) -> float:
    return measure([SOURCE, "spec"], {}, sandbox, count_airbyte_records).wall


def one_after_another(fetch: Callable[[Any], bytes], ids: Sequence[Any]) -> tuple[dict[Any, bytes], float]:
    """Fetch each ID. Return the digest of each answer, and the seconds that the loop took."""
    began = time.perf_counter()
    digests = {each: digest(fetch(each)) for each in ids}
    return digests, time.perf_counter() - began


def staged(record: Mapping[str, Any]) -> bytes:
    return Path(record["file_reference"]["staging_file_url"]).read_bytes()


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def session_of(sandbox: SandboxProcess) -> requests.Session:
    session = requests.Session()
    session.auth = (sandbox.api_key, "")
    return session


def no_key(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no header: the storage of documents must not receive the key."""
    return request


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="both, unless one is named")
    parser.add_argument("--repeat", type=int, default=3, help="how often to run each (default: 3)")
    arguments = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {LATENCY_MS} ms per request, {WORKERS} workers.\n")
    print("| | how many | loop | this source | start-up | times faster (least) | without start-up | peak memory |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for case in arguments.case or CASES:
        print_row(str(CASES[case].__doc__).rstrip("."), list(CASES[case](arguments.repeat)))


def print_row(name: str, runs: Sequence[Run]) -> None:
    """Print medians, the least ratio, and the most memory."""
    source = Measured.median_of([run.source for run in runs])
    print(
        f"| {name} | {source.records} | {median(run.loop for run in runs):.1f} s | {source.wall:.1f} s "
        f"| {median(run.start_up for run in runs):.1f} s "
        f"| {median(run.ratio for run in runs):.1f} ({min(run.ratio for run in runs):.1f}) "
        f"| {median(run.ratio_without_start_up for run in runs):.1f} "
        f"| {max(run.source.memory for run in runs):.0f} MB |",
        flush=True,
    )


if __name__ == "__main__":
    main()
