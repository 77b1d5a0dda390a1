"""Input and answers that are much larger than usual."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.destination.marked_row import MARKED, write
from integration_tests.destination.session import COMMAND, catalog, config
from integration_tests.destination.stand_in import Reply, StandIn

# Runs a command and prints its peak memory. The peak includes the process that starts it, so this one is small.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("letters", ["x" * 200_000, "Zyxwana " * 25_000, "'" * 200_000])
def test_huge_reason_and_row_are_rejected_like_others(service: StandIn, tmp_path: Path, letters: str) -> None:
    service.answer = lambda _: Reply(body={"status": "Error", "errors": [f"Comment is too long: {letters}"]})
    path = tmp_path / "rejected.jsonl"
    row = {**MARKED, "Comment": "vertraulich " * 100_000}
    session = write(tmp_path, service, row, rejected_rows_file=str(path))
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "Once: Comment is too long: " in session.failure["message"]
    assert "The rejected_rows_file has the full reason." in session.failure["message"]
    (kept,) = map(json.loads, path.read_text().splitlines())
    assert kept["row"] == row
    assert len(kept["reason"]) == 100_000


def test_memory_is_bounded_for_a_line_without_end(service: StandIn, tmp_path: Path) -> None:
    for name, content in (("config.json", config(service)), ("catalog.json", catalog())):
        (tmp_path / name).write_text(json.dumps(content))
    output = tmp_path / "output.jsonl"
    with Path("/dev/zero").open("rb") as endless, output.open("wb") as written:
        command = [*COMMAND, "write", "--config", "config.json", "--catalog", "catalog.json"]
        process = subprocess.run(
            [sys.executable, "-c", MEASURE, *command],
            cwd=tmp_path, stdin=endless, stdout=written, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert process.returncode == 1
    assert "Line 1 of the input is longer than 64 MB. The line was not written" in output.read_text()
    peak = int(process.stderr.splitlines()[-1])
    assert peak < 300_000  # KB: the program takes 100 MB, the line 64 MB
