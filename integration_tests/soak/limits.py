"""Runs both connectors with huge and slow answers, and exits with 1 if one exceeds its memory or its deadlines.

.venv/bin/python -m integration_tests.soak.limits [PART OF A COMMAND AND NAME …]

Each attack runs a console script as a process. Two environment variables shorten the retries and the wait for a byte.
No option shortens the deadline of a complete answer, so `check` is run with its own 60 s, and for `read` and `write`
the process starts with another default of `Timeouts`: the column *Deadline* then ends with `patched`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.connector import SCRIPTS
from integration_tests.raw_server import Answer, RawServer
from integration_tests.soak.attacks import MARKS, Attack, attacks

MOST_MEGABYTES = 300
_SLACK = 10  # seconds from the first request, beyond the deadlines of all attempts
_LONGEST_START = 60  # seconds until the first request, on a busy machine
_ENVIRONMENT = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "3", "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS": "3"}
_PATCHED_SECONDS = 5
# Runs a command and prints its peak memory. The peak includes the process that starts it, so this one is small.
_MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
_PATCH = """
import dataclasses, runpy, sys
from powerschool_enrollment_api import settings
defaults = list(settings.Timeouts.__init__.__defaults__)
names = [field.name for field in dataclasses.fields(settings.Timeouts)]
for name in ("answer", "document"):
    defaults[names.index(name)] = float(sys.argv[1])
    setattr(settings.Timeouts, name, float(sys.argv[1]))
settings.Timeouts.__init__.__defaults__ = tuple(defaults)
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True)
class Ended:
    """How an attack ended. `problems` are empty if it ended well.

    `megabytes` is the peak of the process, `seconds` count from its first request.
    """

    attack: Attack
    megabytes: float
    seconds: float
    exit_code: int
    failure: str
    problems: Sequence[str]

    @property
    def row(self) -> str:
        deadline = f"{self.attack.deadline:g} s x {self.attack.attempts}" + " patched" * self.attack.is_patched
        cells = [self.attack.name, self.attack.command, f"{self.megabytes:.0f} MB", f"{self.seconds:.0f} s", deadline]
        return " | ".join([*cells, str(self.exit_code), self.failure, "; ".join(self.problems) or "well"])


def run(attack: Attack) -> Ended:
    """Run the attack in a process, and judge how it ended."""
    requested: list[float] = []

    def answer(method: str, url: str) -> Answer:
        requested.append(time.monotonic())
        return attack.answer(method, url)

    with RawServer(answer) as server, tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        with output.open("wb") as written, Path(folder, "errors").open("w+") as errors:
            process = subprocess.Popen(
                _command(attack, server.base_url, Path(folder)), cwd=folder, stdin=subprocess.PIPE, stdout=written,
                stderr=errors, env={**os.environ, **_ENVIRONMENT}, start_new_session=True,
            )  # fmt: skip
            _write_input(process, attack)
            try:
                exit_code = process.wait(attack.longest + _SLACK + _LONGEST_START)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # the measuring process, and the command
                exit_code = process.wait()
            seconds = time.monotonic() - min(requested, default=0)
            errors.seek(0)
            *lines, peak = errors.read().splitlines() or ["0"]
        shown = output.read_text() + "\n".join(lines)
    return _judged(attack, int(peak) / 1024 if peak.isdigit() else 0, seconds, exit_code, shown)


def _command(attack: Attack, base_url: str, folder: Path) -> list[str]:
    arguments = [attack.command]
    files = {"config": {"base_url": base_url, **attack.config}, "catalog": attack.catalog}
    for name, content in files.items():
        if name == "config" or attack.command in {"read", "write"}:
            (folder / f"{name}.json").write_text(json.dumps(content))
            arguments += [f"--{name}", f"{name}.json"]
    patch = [sys.executable, "-c", _PATCH, str(_PATCHED_SECONDS)] if attack.is_patched else []
    return [sys.executable, "-c", _MEASURE, *patch, str(SCRIPTS / attack.script), *arguments]


def _write_input(process: subprocess.Popen[bytes], attack: Attack) -> None:
    assert process.stdin is not None
    try:
        with process.stdin:
            for piece in attack.input():
                process.stdin.write(piece)
    except BrokenPipeError:
        pass  # the command has refused its input


def _judged(attack: Attack, megabytes: float, seconds: float, exit_code: int, shown: str) -> Ended:
    messages = list(_messages(shown))
    errors = [message["trace"]["error"] for message in messages if message.get("trace", {}).get("type") == "ERROR"]
    statuses = [message["connectionStatus"]["status"] for message in messages if "connectionStatus" in message]
    reported = "\n".join(json.dumps(message) for message in messages if message["type"] != "RECORD")
    failures = [*statuses, *(error["failure_type"] for error in errors)]
    problems = [
        *([f"more than {MOST_MEGABYTES} MB"] if not 0 < megabytes < MOST_MEGABYTES else []),
        *(["did not end"] if seconds > attack.longest + _SLACK else []),
        *(["stack trace"] if "Traceback" in shown or any(error.get("stack_trace") for error in errors) else []),
        *(["a planted value is shown"] if any(mark in reported for mark in MARKS) else []),
        *(["no failure is reported"] if attack.must_fail and not failures else []),
        *(["a failure is reported"] if failures and not attack.must_fail else []),
    ]
    return Ended(attack, megabytes, seconds, exit_code, failures[-1] if failures else "none", problems)


def _messages(shown: str) -> Iterator[dict[str, Any]]:
    for line in shown.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            message = {"type": "TEXT", "text": line}
        yield message if isinstance(message, dict) else {"type": "TEXT", "text": line}


def main() -> int:
    names = sys.argv[1:]
    chosen = [
        attack
        for attack in attacks(_PATCHED_SECONDS)
        if not names or any(name in f"{attack.command} {attack.name}" for name in names)
    ]
    print("Attack | Command | Peak | Time | Deadline | Exit code | Failure | Ended")
    print("--- | --- | --- | --- | --- | --- | --- | ---")
    bad = 0
    # Attacks with slow answers need little CPU, so four of them run at a time.
    for is_slow in (True, False):
        with ThreadPoolExecutor(4 if is_slow else 1) as pool:
            for ended in pool.map(run, [attack for attack in chosen if attack.is_slow == is_slow]):
                bad += bool(ended.problems)
                print(ended.row, flush=True)
    print(f"{len(chosen)} attacks: {bad} ended badly")
    return 1 if bad or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
