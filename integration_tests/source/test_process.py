"""The console script as a process: the messages of each command, signals, and output that cannot be written."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from integration_tests.connector import (
    SCRIPTS,
    TIMEOUT_SECONDS,
    configured_catalog,
    run_source,
    run_source_process,
    source_command,
)


def without_times(outcome):
    """Return the messages without their times, in a fixed order: the order of the threads is not fixed."""
    messages = outcome.messages
    for message in messages:
        message.get("trace", {}).pop("emitted_at", None)
        message.get("record", {}).pop("emitted_at", None)
        message.get("record", {}).get("data", {}).pop("synced_at", None)
    return sorted(json.dumps(message, sort_keys=True) for message in messages)


def run_both(command, **options):
    """Run the command as a process and in this process; both must print the same and end in the same way."""
    process, in_process = [run(command, **options) for run in (run_source_process, run_source)]
    assert (process.exit_code, process.stderr) == (in_process.exit_code, in_process.stderr)
    assert without_times(process) == without_times(in_process)
    return process


def test_process_prints_what_spec_prints_in_process():
    assert run_both("spec").of_type("SPEC")


def test_process_prints_what_discover_prints_in_process(config, streams):
    assert run_both("discover", config=config).catalog == streams


def test_process_prints_what_check_prints_in_process(config):
    assert run_both("check", config=config).connection_status == {"status": "SUCCEEDED"}


def test_process_prints_what_read_prints_in_process(sandbox, config, streams):
    catalog = configured_catalog(streams, ["roster_records", "checklists"])
    outcome = run_both("read", config={**config, "num_workers": 1}, catalog=catalog)
    assert outcome.exit_code == 0
    assert len(outcome.records("checklists")) == len(sandbox.district.checklists)


def test_process_prints_what_a_failed_read_prints_in_process(config, streams):
    wrong = {**config, "api_key": "a-wrong-key"}
    outcome = run_both("read", config=wrong, catalog=configured_catalog(streams, ["checklists"]), debug=True)
    assert outcome.exit_code == 1
    assert any(message["type"] == "DEBUG" for message in outcome.messages)


def test_without_a_command_the_usage_is_printed():
    process = subprocess.run([SCRIPTS / "source-powerschool-enrollment"], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.startswith("usage: source-powerschool-enrollment")
    assert "discover" in process.stderr


@pytest.fixture
def slow_read(sandbox, config, streams, tmp_path):
    """A read of 600 pages, which takes a minute and a half. It has printed its first record."""
    catalog = configured_catalog(streams, ["roster_records", "submission_records"])
    sandbox.settings.latency_ms = 300
    slow = {**config, "page_size": 1, "num_workers": 2}
    arguments = source_command("read", tmp_path, config=slow, catalog=catalog)
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        try:
            while b'"type":"RECORD"' not in process.stdout.readline():
                pass
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("slow_read")
def test_a_read_keeps_the_key_in_no_file_that_a_kill_could_leave_behind(tmp_path):
    assert [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()] == []


def test_read_with_a_closed_output_ends_at_once(slow_read):
    slow_read.stdout.close()
    assert slow_read.wait(timeout=30) == 1
    assert slow_read.stderr.read() == b""


def test_a_read_that_is_interrupted_ends_at_once(slow_read):
    slow_read.send_signal(signal.SIGINT)
    slow_read.stdout.read()
    assert slow_read.wait(timeout=30) == 1
    assert slow_read.stderr.read() == b"Interrupted. The next sync continues from the last state.\n"


def test_full_disk_is_reported_in_one_line(config, streams, tmp_path):
    catalog = configured_catalog(streams, ["roster_record_details"])
    arguments = source_command("read", tmp_path, config=config, catalog=catalog)
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            arguments, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=TIMEOUT_SECONDS
        )
    assert (process.returncode, process.stderr) == (1, "The output cannot be written: No space left on device.\n")
