"""How an import ends: completely, half-way or stopped. It states what was accepted, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.roster.roster_command import connection, rows_sent, run_import, schema_ids
from integration_tests.warm_process import WarmProcess
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_sandbox import Fault

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("powerschool-enrollment-import"))
SAFE = "Running the import again is safe"


@pytest.fixture
def roster(tmp_path):
    """A roster of a thousand students."""
    rows = "".join(f"{number},Zyx,Kwyx\n" for number in range(10_000, 11_000))
    (tmp_path / "my.csv").write_text(f"ExternalID,FirstName,LastName\n{rows}")
    return tmp_path / "my.csv"


def started(sandbox, roster):
    """Start the command in a separate process group, as a shell does."""
    temporary = roster.parent / "tmp"
    temporary.mkdir()
    variables = {**os.environ, **connection(sandbox), "TMPDIR": str(temporary), "COLUMNS": "200"}
    command = [COMMAND, str(roster), "--into", str(schema_ids(sandbox)[1])]
    return WarmProcess(*command, environment=variables, imported=("powerschool_enrollment_roster.command",))


def after_posts(sandbox, count, act):
    """Call `act` once when this number of rows has arrived."""
    posts = []

    def on_request(request):
        if request.method == "POST":
            posts.append(request)
            if len(posts) == count:
                act()

    sandbox.on_request = on_request


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(lambda process: os.killpg(process.pid, signal.SIGINT), id="ctrl-c"),
        pytest.param(lambda process: process.terminate(), id="sigterm"),
        pytest.param(lambda process: process.send_signal(signal.SIGHUP), id="sighup"),
    ],
)
def test_stopped_import_states_what_was_accepted(sandbox, roster, stop):
    after_posts(sandbox, 100, lambda: stop(process))
    process = started(sandbox, roster)
    output, errors = process.communicate()
    assert process.returncode == 130
    assert errors == ""
    accepted = int(re.search(r"Of 1,000 rows: (\d+) accepted, 0 rejected\.", output)[1])
    unknown = sum(map(int, re.findall(r"(\d+) more rows? may", output)))
    assert accepted <= len(rows_sent(sandbox)) <= accepted + unknown
    assert len(rows_sent(sandbox)) < 1000
    assert SAFE in output
    assert list((roster.parent / "tmp").iterdir()) == []
    assert sorted(path.name for path in roster.parent.iterdir()) == ["my.csv", "tmp"]


def test_ctrl_c_at_each_further_request_still_states_what_was_accepted(sandbox, roster):
    posts = []

    def press(request):
        posts.append(request)
        if request.method == "POST" and len(posts) > 100:
            os.killpg(process.pid, signal.SIGINT)

    sandbox.on_request = press
    process = started(sandbox, roster)
    output, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
    assert re.search(r"^Of 1,000 rows: \d+ accepted, 0 rejected\.$", output, re.MULTILINE)
    assert SAFE in output
    assert "Nothing was written." not in output


def test_unexpected_failure_states_what_was_accepted(sandbox, roster, monkeypatch):
    fields_of = SentColumns.fields_of

    def fails_at_row_200(self, row):
        if row.line > 200:
            raise ZeroDivisionError(row.cells)
        return fields_of(self, row)

    monkeypatch.setattr(SentColumns, "fields_of", fails_at_row_200)
    result = run_import(roster, "--into", schema_ids(sandbox)[1], sandbox=sandbox)
    assert result.returncode == 1
    assert "The import failed unexpectedly (ZeroDivisionError)" in result.stdout
    assert "Of 1,000 rows: 199 accepted, 0 rejected.\n" in result.stdout
    assert len(rows_sent(sandbox)) == 199
    assert SAFE in result.stdout
    assert "Kwyx" not in result.stdout


def test_import_whose_reader_is_gone_stops_at_its_next_line(sandbox, roster):
    retry = Fault("status", path="*/importschemas/*", method="POST", status=503, retry_after=0, times=1)
    process = started(sandbox, roster)
    after_posts(sandbox, 20, lambda: (process.stdout.close(), sandbox.faults.add(retry)))
    errors = process.stderr.read()
    assert process.wait() == 130, errors
    assert "Of 1,000 rows: " in errors
    assert SAFE in errors
    assert "Traceback" not in errors


def test_completed_import_is_reported_although_its_reader_is_gone(sandbox, roster):
    roster.write_text("".join(roster.read_text().splitlines(keepends=True)[:51]))
    process = started(sandbox, roster)
    after_posts(sandbox, 20, process.stdout.close)
    errors = process.stderr.read()
    assert process.wait() == 0
    assert re.match(r"50 rows: 50 accepted, 0 rejected\.", errors)


def test_outage_in_the_middle_states_what_was_accepted(sandbox, roster):
    outage = Fault("status", path="*/importschemas/*", method="POST", status=503)
    after_posts(sandbox, 100, lambda: sandbox.faults.add(outage))
    into = schema_ids(sandbox)[1]
    result = run_import(roster, "--into", into, sandbox=sandbox, POWERSCHOOL_ENROLLMENT_RETRY_SECONDS="0")
    assert result.returncode == 1
    assert "Run it again later." in result.stdout
    accepted = int(re.search(r"Of 1,000 rows: (\d+) accepted, 0 rejected\.", result.stdout)[1])
    assert 50 <= accepted <= 110
    assert len(rows_sent(sandbox)) == accepted
    assert re.search(r"All rows of my\.csv up to line \d+ have an outcome\.", result.stdout)
    assert SAFE in result.stdout
    sandbox.faults.clear()
    sandbox.on_request = None
    assert run_import(roster, "--into", into, sandbox=sandbox).returncode == 0


def test_refused_key_at_the_first_row_wrote_nothing(sandbox, roster):
    sandbox.faults.add(Fault("status", path="*/importschemas/*", method="POST", status=401))
    result = run_import(roster, "--into", schema_ids(sandbox)[1], sandbox=sandbox)
    assert result.returncode == 1
    assert "the API key was refused" in result.stdout
    assert "Of 1,000 rows: 0 accepted, 0 rejected.\nNothing was written.\n" in result.stdout


def test_rows_without_an_answer_are_stated(sandbox, roster):
    sandbox.faults.add(Fault("drop", path="*/importschemas/*", method="POST", after_acting=True))
    into = ("--into", schema_ids(sandbox)[1])
    result = run_import(roster, *into, sandbox=sandbox, POWERSCHOOL_ENROLLMENT_RETRY_SECONDS="0")
    assert result.returncode == 1
    assert "Of 1,000 rows: 0 accepted, 0 rejected." in result.stdout
    unknown = int(re.search(r"(\d+) more rows? may have been written, too", result.stdout)[1])
    assert len(rows_sent(sandbox)) <= unknown <= 8
    assert SAFE in result.stdout


def test_retries_are_shown_while_the_service_does_not_answer(sandbox, roster):
    sandbox.faults.add(Fault("status", path="/publishedactions", status=503, times=1))
    result = run_import(roster, "--into", schema_ids(sandbox)[1], sandbox=sandbox)
    assert result.returncode == 0
    assert "GET /publishedactions: " in result.stdout
    assert "Trying again in" in result.stdout


def test_full_disk_stops_the_import_without_showing_a_value(sandbox, tmp_path):
    # The service's reason quotes the value, so the file of rejected rows is larger than the roster.
    rows = "".join(f"{number},Zyx,Kwyx,{'K' * 300}\n" for number in range(2, 12))
    (tmp_path / "my.csv").write_text(f"ExternalID,FirstName,LastName,DateOfBirth\n1,Zyx,Kwyx,03/14/2012\n{rows}")
    limited = f"ulimit -f 4; exec {COMMAND} my.csv --into {schema_ids(sandbox)[1]}"
    result = subprocess.run(
        ["bash", "-c", limited],
        cwd=tmp_path,
        env={**os.environ, **connection(sandbox), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "the file cannot be written: File too large" in result.stdout
    assert "Of 11 rows: " in result.stdout
    assert "KKK" not in result.stdout + result.stderr


def test_ctrl_c_stops_the_sandbox_as_well(roster):
    with subprocess.Popen(
        [COMMAND, str(roster), "--sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not process.stdout.readline().startswith("my.csv: "):
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)  # waits for the end of the sandbox, too
    assert process.returncode == 130
    assert errors == ""
    assert "The import was stopped." in output


def test_readme_shows_what_make_import_prints(tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*rejected*"))
    block = re.search(r"```\n\$ make import\n(.+?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1].splitlines()
    result = subprocess.run(
        [COMMAND, "examples/roster.csv", "--sandbox"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("POWERSCHOOL")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (3, "")
    rate = re.compile(r"in [\d.]+ s: [\d,]+ rows/s")
    assert [rate.sub("", line) for line in result.stdout.splitlines()] == [rate.sub("", line) for line in block]
    assert "examples/roster.csv --sandbox" in (ROOT / "Makefile").read_text()
