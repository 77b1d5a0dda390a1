"""Output is UTF-8 in every locale. Each test starts a process: Python chooses the encoding when it starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
NAME = "élèves ☃ 王"
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
ENVIRONMENTS = [{"PYTHONIOENCODING": "cp1252"}, C_LOCALE]

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: "-".join(e.values()))


def run(command: list[str], environment: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[bytes]":
    variables = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )


def messages(output: bytes) -> list[dict]:
    return [json.loads(line) for line in output.decode("utf-8").splitlines()]


@each_environment
def test_destination_prints_utf8(tmp_path, environment):
    (tmp_path / "config.json").write_text(json.dumps({"api_key": "a-key", NAME: 1}))
    done = run(
        [str(BIN / "destination-powerschool-enrollment"), "check", "--config", "config.json"], environment, tmp_path
    )
    (status,) = messages(done.stdout)
    assert f"Unknown option {NAME};" in status["connectionStatus"]["message"]
    assert (done.returncode, done.stderr) == (0, b"")


@each_environment
def test_source_prints_utf8(tmp_path, environment):
    (tmp_path / "config.json").write_text(json.dumps({"api_key": "a-key", NAME: 1}))
    done = run(
        [str(BIN / "source-powerschool-enrollment"), "discover", "--config", "config.json"], environment, tmp_path
    )
    trace = messages(done.stdout)[-1]["trace"]["error"]
    assert f"Unknown option {NAME};" in trace["message"]
    assert (done.returncode, done.stderr) == (1, b"")


@each_environment
def test_importer_prints_utf8(tmp_path, environment):
    (tmp_path / f"{NAME}.csv").write_bytes(b"ExternalID\n\xff")
    done = run([str(BIN / "powerschool-enrollment-import"), f"{NAME}.csv", "--sandbox"], environment, tmp_path)
    assert done.returncode == 2, done.stderr
    assert f"Line 2 of {NAME}.csv is not UTF-8" in done.stdout.decode("utf-8")
    assert b"Traceback" not in done.stderr
