"""Measures one program: wall time, processor time, peak memory, requests and output."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from powerschool_enrollment_sandbox import SandboxClient


@dataclass(frozen=True)
class Measured:
    """Seconds, megabytes, and counts of one run; or the medians of several."""

    wall: float
    cpu: float
    memory: float
    requests: int
    records: int

    @classmethod
    def median_of(cls, runs: Sequence[Measured]) -> Measured:
        return cls(
            wall=median(run.wall for run in runs),
            cpu=median(run.cpu for run in runs),
            memory=median(run.memory for run in runs),
            requests=int(median(run.requests for run in runs)),
            records=int(median(run.records for run in runs)),
        )


def measure(
    command: Sequence[str],
    environment: Mapping[str, str],
    sandbox: SandboxClient,
    records_in: Callable[[Path], int],
    keep_output: Path | None = None,
) -> Measured:
    """Run the command to its end. `records_in` counts the records in the file that holds its output."""
    with tempfile.TemporaryDirectory() as folder:
        output = keep_output or Path(folder, "output")
        requests_before = sandbox.count("GET", "*")
        with output.open("wb") as stdout, Path(folder, "errors").open("w+") as stderr:
            began = time.perf_counter()
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=stdout, stderr=stderr, cwd=folder
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                stderr.seek(0)
                printed = stderr.read()[-2000:] + output.read_text()[-2000:]
                raise RuntimeError(f"{command[0]} ended with {process.returncode}: {printed}")
        requests = sandbox.count("GET", "*") - requests_before
        cpu = usage.ru_utime + usage.ru_stime
        return Measured(wall, cpu, usage.ru_maxrss / 1024, requests, records_in(output))


def lines_with(mark: bytes) -> Callable[[Path], int]:
    """Return a function that counts the lines of a file that contain the mark."""

    def count(output: Path) -> int:
        with output.open("rb") as lines:
            return sum(mark in line for line in lines)

    return count
