"""Compares the destination with a loop over `requests`: time, requests and memory, against the sandbox."""

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from powerschool_enrollment_sandbox import SandboxProcess

DESTINATION = str(Path(sys.executable).with_name("destination-powerschool-enrollment"))
ROWS = 2_000
LOOP_ROWS = 200  # enough, because the loop's time per row does not depend on their number
ROSTER = 50_000
CHANGED = 100
STREAMED = 1_000_000
Row = dict[str, str]


@dataclass(frozen=True)
class WriteMeasurement:
    seconds: float
    megabytes: float
    posts: int

    def rate(self, rows: int) -> float:
        return rows / self.seconds


def main() -> None:
    table = Table("Measured", "Rows", "Time", "Rows/s", "Memory", "POSTs", "Against the loop")
    with SandboxProcess(forms=1, roster_records=10, latency_ms=100) as sandbox:
        loop = loop_rate(sandbox)
        table.add_row("requests, one after the other, 100 ms", f"{LOOP_ROWS:,}", "", f"{loop:.1f}", "", "", "1.0")
        written = write(sandbox, students(ROWS), num_workers=16)
        add(table, "destination, 16 workers, 100 ms", ROWS, written, f"{written.rate(ROWS) / loop:.1f}")
    with SandboxProcess(forms=1, roster_records=10) as sandbox:
        loop = loop_rate(sandbox)
        table.add_row("requests, one after the other, no latency", f"{LOOP_ROWS:,}", "", f"{loop:.0f}", "", "", "1.0")
        written = write(sandbox, students(ROWS * 5), num_workers=16)
        add(table, "destination, 16 workers, no latency", ROWS * 5, written, f"{written.rate(ROWS * 5) / loop:.1f}")
    with SandboxProcess(forms=1, roster_records=ROSTER, latency_ms=100) as sandbox:
        sandbox.change_settings(refuse_started=False)
        roster = [row for row in read_roster(sandbox) if row["stu_ExternalID"]]
        count = len(roster)
        changed = [row | {"stu_Phone": "512-555-0199"} if n < CHANGED else row for n, row in enumerate(roster)]
        written = write(sandbox, changed, num_workers=16, skip_unchanged=True)
        add(table, f"destination, skip_unchanged, {CHANGED} differ, 100 ms", count, written, "")
        written = write(sandbox, islice(cycle(roster[CHANGED:]), STREAMED), num_workers=16, skip_unchanged=True)
        add(table, "destination, skip_unchanged, none differs", STREAMED, written, "")
    Console(width=130).print(table)


def add(table: Table, name: str, rows: int, measured: WriteMeasurement, ratio: str) -> None:
    table.add_row(
        name,
        f"{rows:,}",
        f"{measured.seconds:.1f} s",
        f"{measured.rate(rows):,.0f}",
        f"{measured.megabytes:.0f} MB",
        f"{measured.posts:,}",
        ratio,
    )


def students(count: int) -> list[Row]:
    return [
        {
            "stu_ExternalID": str(900_000 + n),
            "stu_FirstName": "Ann",
            "stu_LastName": f"Smith {n}",
            "stu_DateOfBirth": "2015-04-20",
            "stu_Grade": "5",
        }
        for n in range(count)
    ]


def target_of(sandbox: SandboxProcess) -> tuple[int, int]:
    """Return the only form and its first import schema."""
    form = get(sandbox, "/publishedactions")[0]["id"]
    return form, get(sandbox, f"/publishedactions/{form}/importschemas")[0]["id"]


def get(sandbox: SandboxProcess, path: str, **parameters: Any) -> Any:
    return requests.get(sandbox.base_url + path, params=parameters, auth=(sandbox.api_key, ""), timeout=60).json()


def read_roster(sandbox: SandboxProcess) -> Iterator[Row]:
    """Yield the roster as rows of the import schema, as a student information system without changes exports it."""
    form, _ = target_of(sandbox)
    fields = get(sandbox, f"/publishedactions/{form}/importschemas")[0]["fields"]
    for page in range(1, ROSTER // 1000 + 1):
        answer = get(sandbox, f"/publishedactions/{form}/rosterrecords", page=page, pagesize=1000)
        for record in answer["records"]:
            yield {field: record["dataItems"][field] for field in fields}


def loop_rate(sandbox: SandboxProcess) -> float:
    """Return how many rows per second a loop over `requests` writes."""
    form, schema = target_of(sandbox)
    with requests.Session() as session:
        session.auth = (sandbox.api_key, "")
        began = time.monotonic()
        for row in students(LOOP_ROWS):
            answer = session.post(
                f"{sandbox.base_url}/publishedactions/{form}/importschemas/{schema}", json=row, timeout=60
            )
            assert answer.json()["status"] == "Success"
        return LOOP_ROWS / (time.monotonic() - began)


def write(sandbox: SandboxProcess, rows: Iterable[Row], **options: Any) -> WriteMeasurement:
    """Run the destination as the platform does. The time includes its start."""
    form, schema = target_of(sandbox)
    rows = iter(rows)
    first = next(rows)
    target = {"type": "import_schema", "published_action_id": form, "import_schema_id": schema}
    config = {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "imports": [{"stream": "roster", "target": target, "key_field": "stu_ExternalID"}],
        "on_rejected_row": {"policy": "skip", "max_rejected_percent": 100},
        **options,
    }
    properties = {column: {"type": ["null", "string"]} for column in first}
    stream = {"name": "roster", "json_schema": {"properties": properties}, "supported_sync_modes": ["full_refresh"]}
    configured = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append_dedup"}
    posts = sandbox.count("POST")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(config))
        Path(folder, "catalog.json").write_text(json.dumps({"streams": [configured]}))
        began = time.monotonic()
        process = subprocess.Popen(
            [DESTINATION, "write", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        peaks = [0.0]
        watcher = threading.Thread(target=watch_memory, args=(process.pid, peaks), daemon=True)
        watcher.start()
        feed(process, first, rows)
        assert process.wait() == 0
        return WriteMeasurement(time.monotonic() - began, max(peaks), sandbox.count("POST") - posts)


def watch_memory(pid: int, peaks: list[float]) -> None:
    """Add the process's peak memory in MB to `peaks` until it ends; `ru_maxrss` would include this benchmark's own."""
    with contextlib.suppress(OSError, IndexError):
        while found := re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()):
            peaks.append(int(found[0]) / 1024)
            time.sleep(0.1)


def feed(process: "subprocess.Popen[bytes]", first: Row, rows: Iterator[Row]) -> None:
    state = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "roster"}, "stream_state": {"n": 0}}}
    state_line = json.dumps({"type": "STATE", "state": state}).encode() + b"\n"
    with process.stdin as pipe:
        for number, row in enumerate(chain([first], rows), start=1):
            pipe.write(line(row))
            if number % 1000 == 0:
                pipe.write(state_line)


def line(row: Row) -> bytes:
    record = {"stream": "roster", "data": row, "emitted_at": 0}
    return json.dumps({"type": "RECORD", "record": record}).encode() + b"\n"


if __name__ == "__main__":
    main()
