"""`make sync`: what the README promises of it, and what it says when it cannot."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "sync_to_duckdb.py"

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 13), reason="PyAirbyte does not install on Python 3.13 yet")


def sync(folder, sandbox, api_key):
    return subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=folder,
        env={
            **os.environ,
            "POWERSCHOOL_ENROLLMENT_API_KEY": api_key,
            "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_ends_with_a_table_of_rows_a_stream(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, sandbox.api_key)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = dict(re.findall(r"│ (\w+) +│ +([\d,]+) │", done.stdout))
    assert (rows["published_actions"], rows["roster_records"], rows["submission_records"]) == ("3", "390", "210")
    assert "schema main" in done.stdout
    assert (tmp_path / "powerschool_enrollment.duckdb").stat().st_mode & 0o077 == 0


def test_a_refused_key_is_said_without_a_traceback(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, "wrong-key")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "the API key was refused" in said
    assert "Check the option api_key" in said
    assert "Traceback" not in said
    assert "wrong-key" not in said


def test_an_address_without_a_key_reads_no_made_up_children_instead(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, "")
    assert done.returncode == 1
    assert "POWERSCHOOL_ENROLLMENT_API_KEY is not" in done.stderr
    assert not list(tmp_path.iterdir())
