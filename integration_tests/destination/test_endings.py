"""How the destination ends if its output is full or closed, if it has no stdin, or at Ctrl-C."""

import json
import signal
import subprocess
from pathlib import Path

from integration_tests.destination.marked_row import MARKED
from integration_tests.destination.session import (
    COMMAND,
    Session,
    catalog,
    config,
    in_a_process,
    record,
    stream_state,
)
from integration_tests.destination.stand_in import StandIn


def write_in_a_shell(folder: Path, service: StandIn, redirection: str) -> "subprocess.CompletedProcess[str]":
    """Write one row and a state, with the output or the input redirected."""
    for name, content in (("config", config(service)), ("catalog", catalog())):
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, [record(MARKED), stream_state(1)])))
    command = f"{' '.join(COMMAND)} write --config config.json --catalog catalog.json < rows.jsonl {redirection}"
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_unwritable_output_is_reported_in_one_line(service: StandIn, tmp_path: Path) -> None:
    done = write_in_a_shell(tmp_path, service, "> /dev/full")
    assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")


def test_ctrl_c_ends_the_sync_with_one_line_and_no_stack_trace(service: StandIn, tmp_path: Path) -> None:
    session = Session(tmp_path, config(service), catalog(), start=in_a_process)
    session.send(record(MARKED), stream_state(1))
    session.wait_for_states(1)
    session.program.send_signal(signal.SIGINT)
    session.end()
    assert session.code == 1
    assert "".join(session.errors).startswith("Interrupted. Rows after the last state may have been written, too")
    assert "Traceback" not in session.everything


def test_closed_output_ends_the_process_quietly(service: StandIn, tmp_path: Path) -> None:
    done = write_in_a_shell(tmp_path, service, "| true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (1, "")


def test_missing_standard_input_is_reported(service: StandIn, tmp_path: Path) -> None:
    done = write_in_a_shell(tmp_path, service, "<&-")
    assert (done.returncode, done.stderr) == (1, "")
    assert "Standard input is missing: the rows are read from it." in done.stdout
    assert service.arrivals == []
