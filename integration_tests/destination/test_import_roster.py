"""The example that `make import` runs, and a round trip through both connectors."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.connector import read_streams
from integration_tests.destination.session import configured_stream, record, run, stream_state
from powerschool_enrollment_sandbox import Fault

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
MARK = "Zyxwana"


def command(*arguments):
    return [sys.executable, str(EXAMPLES / "import_roster.py"), *map(str, arguments)]


def environment(sandbox=None, **more):
    key = {}
    if sandbox is not None:
        key = {"POWERSCHOOL_ENROLLMENT_API_KEY": sandbox.api_key, "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url}
    return {**os.environ, "COLUMNS": "200", **key, **more}


def import_roster(*arguments, folder=None, sandbox=None, **more):
    return subprocess.run(
        command(*arguments),
        env=environment(sandbox, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def short_roster(sandbox):
    """Return the id of an import schema that takes the sample, and how its name ends."""
    form = next(iter(sandbox.district.forms.values()))
    schema = list(form.import_schemas)[1]
    return schema, f"[published action {form.id}, import schema {schema}]"


def write_roster(folder, rows):
    """Write a roster of children who are all called `MARK`, with a birthday each, if any."""
    file = folder / "my.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["ExternalID", "FirstName", "LastName", "DateOfBirth"])
        writer.writerows([number, MARK, MARK, birthday] for number, birthday in rows)
    return file


@pytest.fixture
def sample(tmp_path):
    """The sample in a folder of the test's own: rejected rows go beside it."""
    (tmp_path / "examples").mkdir()
    return Path(shutil.copy(EXAMPLES / "roster.csv", tmp_path / "examples"))


def test_the_readme_shows_what_the_command_prints(tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("*.jsonl"))
    block = re.search(r"```\n\$ make import\n(.+?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1].splitlines()
    result = subprocess.run(
        [sys.executable, "examples/import_roster.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 3, result.stderr
    assert result.stderr == ""
    printed = result.stdout.splitlines()
    (rate,) = [line for line in printed if line.endswith("rows/s.")]
    (shown,) = [line for line in block if line.endswith("rows/s.")]
    assert re.sub(r"[\d,.]+", "0", rate) == re.sub(r"[\d,.]+", "0", shown)
    assert rate.startswith("58 rows accepted")
    assert [line for line in printed if line != rate] == [line for line in block if line != shown]


def test_imported_students_appear_in_the_roster(sandbox, sample):
    name = short_roster(sandbox)[1]
    shown = import_roster(sample, sandbox=sandbox)
    assert shown.returncode == 2
    (into,) = [line.strip() for line in shown.stdout.splitlines() if line.endswith(name)]
    assert "new submissions" not in shown.stdout
    assert import_roster(sample, "--into", into.partition(" [")[0].upper(), sandbox=sandbox).returncode == 3
    with (EXAMPLES / "roster.csv").open(encoding="utf-8") as file:
        expected = {row["ExternalID"]: row["LastName"] for row in csv.DictReader(file)}
    roster = read_streams({"api_key": sandbox.api_key, "base_url": sandbox.base_url}, "roster_records").records(
        "roster_records"
    )
    arrived = {each["externalStudentID"]: each["lastName"] for each in roster if each["externalStudentID"] in expected}
    assert len(arrived) == 58
    assert arrived.items() <= expected.items()


def test_rejected_rows_are_kept_beside_the_roster_below_those_of_earlier_runs(sandbox, tmp_path):
    write_roster(tmp_path, [(1, "04/20/2015"), ("2\n", MARK)] + [(n, "04/20/2015") for n in range(3, 40)])
    kept = tmp_path / "my.csv.rejected.jsonl"
    for count, told in ((1, ": 1."), (2, ": 1, below the 1 of earlier runs.")):
        result = import_roster("my.csv", "--into", short_roster(sandbox)[0], folder=tmp_path, sandbox=sandbox)
        assert result.returncode == 3
        assert f"kept, with their reasons, in my.csv.rejected.jsonl{told}" in result.stdout
        assert "my.csv, line 3: rejected: DateOfBirth: … is not a valid date." in result.stdout
        assert MARK not in result.stdout
        rows = [json.loads(line)["row"] for line in kept.read_text().splitlines()]
        assert [row["DateOfBirth"] for row in rows] == [MARK] * count
        assert kept.stat().st_mode & 0o077 == 0
    assert subprocess.run(["git", "check-ignore", "-q", "my.csv.rejected.jsonl"], cwd=ROOT, check=False).returncode == 0


def test_too_many_rejected_rows_fail_with_the_lines_of_the_file(sandbox, tmp_path):
    file = write_roster(tmp_path, [(1, "04/20/2015"), ("2\n", "04/20/2015"), (3, MARK), (4, MARK)])
    result = import_roster(file, "--into", short_roster(sandbox)[0], sandbox=sandbox)
    assert result.returncode == 1
    assert "DateOfBirth: … is not a valid date (my.csv, lines 5, 6)" in result.stdout
    assert f"in {file}.rejected.jsonl: 2." in result.stdout


def test_rows_that_were_not_sent_have_no_speed_and_leave_no_file(sandbox, tmp_path):
    file = tmp_path / "my.csv"
    file.write_text("stu_ExternalID,stu_FirstName,stu_LastName,born\n77,Ada,Byron,04/20/2015\n")
    schema = next(iter(next(iter(sandbox.district.forms.values())).import_schemas))
    arguments = (file, "--into", schema, "--map", "born=stu_DateOfBirth")
    first = import_roster(*arguments, sandbox=sandbox)
    assert first.returncode == 0, first.stdout
    assert "1 rows accepted in" in first.stdout
    posts = sandbox.journal.count("POST", "*")
    again = import_roster(*arguments, "--skip-unchanged", sandbox=sandbox)
    assert again.returncode == 0, again.stdout
    assert "1 accepted (1 of them unchanged)" in again.stdout
    assert "rows/s" not in again.stdout
    assert sandbox.journal.count("POST", "*") == posts
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        ("", (), "my.csv is empty"),
        ("ExternalID,FirstName\n1,Ann\n", ("--rejected", "nowhere/rejected.jsonl"), "--rejected"),
        ("ExternalID,FirstName\n1,Ann\n", ("--map", "Born"), "'Born' is not COLUMN=FIELD"),
    ],
)
def test_a_file_or_a_command_that_is_wrong_is_refused_before_any_request(sandbox, tmp_path, content, arguments, said):
    (tmp_path / "my.csv").write_text(content)
    result = import_roster("my.csv", *arguments, folder=tmp_path, sandbox=sandbox)
    assert result.returncode == 2
    assert said in result.stdout + result.stderr
    assert len(sandbox.journal) == 0


def test_columns_without_a_field_are_named_and_nothing_is_written(sandbox, tmp_path):
    (tmp_path / "my.csv").write_text("ExternalID,Name of child\n1,Ann\n")
    result = import_roster("my.csv", "--into", short_roster(sandbox)[0], folder=tmp_path, sandbox=sandbox)
    assert result.returncode == 2
    assert "The column 'Name of child' has no field" in result.stdout
    assert sandbox.journal.count("POST", "*") == 0
    in_the_sandbox = import_roster("my.csv", "--sandbox", folder=tmp_path)
    assert in_the_sandbox.returncode == 2
    assert "The column 'Name of child' has no field" in in_the_sandbox.stdout
    assert "Short roster" in in_the_sandbox.stdout


def test_an_address_without_a_key_imports_nothing_into_the_sandbox_instead():
    result = import_roster(POWERSCHOOL_ENROLLMENT_BASE_URL="http://127.0.0.1:9")
    assert result.returncode == 2
    assert "POWERSCHOOL_ENROLLMENT_API_KEY is not" in result.stdout


def test_a_roster_without_a_key_is_refused_and_not_tried_on_the_sandbox(sample):
    result = import_roster(sample, "--into", "1")
    assert result.returncode == 2
    assert result.stdout.startswith("POWERSCHOOL_ENROLLMENT_API_KEY is not set. Set it, or add --sandbox")


def test_with_a_key_the_sample_is_refused_before_any_request(sandbox):
    result = import_roster("--into", short_roster(sandbox)[0], sandbox=sandbox)
    assert result.returncode == 2
    assert result.stdout == "Name a roster: with a key the sample is not written.\n"
    assert len(sandbox.journal) == 0


def test_a_roster_may_be_tried_on_the_sandbox_while_a_key_is_set(sandbox, sample):
    result = import_roster(sample, "--sandbox", sandbox=sandbox)
    assert result.returncode == 3, result.stdout
    assert "--sandbox was given: this writes to the sandbox, a made-up district, and the key is not used." in (
        result.stdout.splitlines()
    )
    assert len(sandbox.journal) == 0


def test_a_misspelt_column_to_hold_back_stops_the_import(sandbox, tmp_path):
    file = write_roster(tmp_path, [(1, "04/20/2015")])
    result = import_roster(file, "--into", short_roster(sandbox)[0], "--ignore", "DateOfBrith", sandbox=sandbox)
    assert result.returncode == 2
    assert "There is no column 'DateOfBrith' for --ignore (did you mean 'DateOfBirth'?)." in result.stdout
    assert sandbox.journal.count("POST", "*") == 0


def test_an_unreachable_service_is_said_once_and_fails(sample):
    result = import_roster(
        sample,
        POWERSCHOOL_ENROLLMENT_API_KEY="k",
        POWERSCHOOL_ENROLLMENT_BASE_URL="http://127.0.0.1:9",
        POWERSCHOOL_ENROLLMENT_RETRY_SECONDS="0",
    )
    assert result.returncode == 1
    assert result.stdout.count("127.0.0.1:9 refuses the connection") == 1
    assert "rows/s" not in result.stdout


def test_that_the_service_does_not_answer_is_said_while_it_is_tried_again(sandbox, sample):
    sandbox.faults.add(Fault("status", path="/publishedactions", status=503))
    with subprocess.Popen(
        command(sample, "--into", short_roster(sandbox)[0]), env=environment(sandbox), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "Asking PowerSchool Enrollment what there is to write to.\n"
        assert "Trying again in" in process.stdout.readline()
        sandbox.faults.clear()  # had it said nothing before, it would never come here
        assert "58 accepted" in process.stdout.read()
    assert process.returncode == 3


def test_an_import_that_fails_half_way_says_what_was_confirmed(sandbox, tmp_path):
    file = write_roster(tmp_path, [(number, "nonsense" if number == 150 else "04/20/2015") for number in range(300)])
    result = import_roster(file, "--into", short_roster(sandbox)[0], "--rejected", "/dev/full", sandbox=sandbox)
    assert result.returncode == 1
    assert "No space left on device" in result.stdout
    assert re.search(r"Stopped\. Confirmed: [\d,]+ of 300 rows", result.stdout)


def test_rows_of_one_student_are_told_with_their_lines_and_written_in_order(sandbox, tmp_path):
    file = write_roster(tmp_path, [(700123, "04/20/2015"), (8, "04/20/2015"), (700123, "04/21/2015")])
    result = import_roster(file, "--into", short_roster(sandbox)[0], sandbox=sandbox)
    assert result.returncode == 0
    assert "The same ExternalID, so that the last row stays: my.csv, lines 2, 4." in result.stdout
    assert "700123" not in result.stdout
    (record,) = [
        record
        for form in sandbox.district.forms.values()
        for record in form.roster
        if record["externalStudentID"] == "700123"
    ]
    assert record["dateOfBirth"].startswith("2015-04-21")


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(lambda process: os.killpg(process.pid, signal.SIGINT), id="Ctrl-C"),
        pytest.param(lambda process: process.terminate(), id="SIGTERM"),
        pytest.param(lambda process: process.send_signal(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_when_stopped_it_says_what_was_confirmed_and_leaves_nothing_behind(sandbox, tmp_path, stop):
    file = write_roster(tmp_path, [(number, "04/20/2015") for number in range(2000)])
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    posts = []

    def press(request):
        if request.method == "POST":
            posts.append(request)
            if len(posts) == 300:
                stop(process)

    sandbox.on_request = press
    with subprocess.Popen(
        command(file, "--into", short_roster(sandbox)[0]),
        env=environment(sandbox, TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        said, errors = process.communicate(timeout=120)  # which ends when the destination, too, has ended
    assert process.returncode == 130
    assert errors == ""
    confirmed = re.search(r"Stopped\. Confirmed: ([\d,]+) of 2,000 rows", said)
    assert int(confirmed[1].replace(",", "")) <= len(posts) < 2000
    assert "rows/s" not in said
    assert list(temporary.iterdir()) == []


def test_a_reader_who_leaves_stops_it_like_ctrl_c(sandbox, tmp_path):
    file = write_roster(tmp_path, [(number, "04/20/2015") for number in range(2000)])
    with subprocess.Popen(
        command(file, "--into", short_roster(sandbox)[0]),
        env=environment(sandbox),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not process.stdout.readline().startswith("Writing 2,000 rows"):
            assert process.poll() is None
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 130
    assert re.match(r"Stopped\. Confirmed: [\d,]+ of 2,000 rows", errors.splitlines()[-1])
    assert "Traceback" not in errors


def test_ctrl_c_stops_the_sandbox_quietly_as_well(tmp_path):
    file = write_roster(tmp_path, [(number, "04/20/2015") for number in range(5000)])
    with subprocess.Popen(
        command(file, "--sandbox"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.stdout.readline() != "Writing.\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""
    assert "Stopped. Confirmed: " in said


def test_the_sandbox_takes_every_kind_of_row_and_shows_no_value(sandbox, tmp_path):
    """Fields, refusals and submissions as a believable service has them."""
    form = next(iter(sandbox.district.forms.values()))
    target = {"type": "submission", "published_action_id": form.id}
    schema = {
        "type": "import_schema",
        "published_action_id": form.id,
        "import_schema_id": next(iter(form.import_schemas)),
    }
    config = {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "imports": [
            {"stream": "roster", "target": schema, "key_field": "stu_ExternalID"},
            {"stream": "submissions", "target": target},
        ],
        "on_rejected_row": {"policy": "skip", "max_rejected_percent": 50},
    }
    columns = ("stu_ExternalID", "stu_FirstName", "stu_LastName", "stu_DateOfBirth")
    catalog = {"streams": [configured_stream("roster", columns), configured_stream("submissions", columns[1:])]}
    good = {"stu_FirstName": MARK, "stu_LastName": MARK, "stu_DateOfBirth": "2015-04-20"}
    session = run(
        tmp_path,
        config,
        catalog,
        [
            record({"stu_ExternalID": f"{MARK}1", **good}, "roster"),
            record({"stu_ExternalID": f"{MARK}2", **good, "stu_DateOfBirth": MARK}, "roster"),
            record(good, "submissions"),
            record({**good, "stu_DateOfBirth": MARK}, "submissions"),
            stream_state(1, "roster"),
            stream_state(2, "submissions"),
        ],
    )
    assert session.code == 0, session.everything
    assert MARK not in session.everything
    assert [list(state["destinationStats"].values()) for state in session.states] == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="PyAirbyte does not install on Python 3.13 yet")
def test_a_roster_goes_to_a_warehouse_and_back_through_the_columns_a_cache_renames(sandbox, tmp_path):
    script = tmp_path / "round_trip.py"
    script.write_text(ROUND_TRIP)
    forms = list(sandbox.district.forms.values())
    arguments = {
        "key": sandbox.api_key,
        "url": sandbox.base_url,
        "folder": str(tmp_path),
        "bin": str(Path(sys.executable).parent),
        "from": forms[0].id,
        "to": forms[1].id,
        "schema": list(forms[1].import_schemas)[1],
    }
    students = {record["externalStudentID"] for record in records(forms[0])}
    known = {record["externalStudentID"] for record in records(forms[1])}
    subprocess.run([sys.executable, str(script), json.dumps(arguments)], check=True, cwd=tmp_path, capture_output=True)
    arrived = {record["externalStudentID"]: record for record in records(forms[1])}
    moved = {student for student in students - known - {""} if student in arrived}
    assert moved
    assert moved == students - known - {""}
    for record_ in records(forms[0]):
        if record_["externalStudentID"] in moved:
            assert arrived[record_["externalStudentID"]]["dateOfBirth"] == record_["dateOfBirth"]


def records(form):
    return [form.roster[record_id] for record_id in form.roster.ids()]


ROUND_TRIP = """
import json, os, sys
os.environ["AIRBYTE_OFFLINE_MODE"] = "1"
import airbyte as ab
from airbyte.caches import DuckDBCache
a = json.loads(sys.argv[1])
connection = {"api_key": a["key"], "base_url": a["url"]}
cache = DuckDBCache(db_path=a["folder"] + "/warehouse.duckdb")
source = ab.get_source(
    "source-powerschool-enrollment",
    config={**connection, "published_actions": {"mode": "ids", "ids": [a["from"]]}},
    local_executable=a["bin"] + "/source-powerschool-enrollment",
    streams=["roster_records"],
)
result = source.read(cache)
names = {
    "externalStudentID": "ExternalID",
    "firstName": "FirstName",
    "lastName": "LastName",
    "dateOfBirth": "DateOfBirth",
}
destination = ab.get_destination(
    "destination-powerschool-enrollment",
    config={
        **connection,
        "imports": [{
            "stream": "roster_records",
            "target": {"type": "import_schema", "published_action_id": a["to"], "import_schema_id": a["schema"]},
            "field_mapping": [{"column": column, "field": field} for column, field in names.items()],
            "unmapped_columns": "ignore",
            "key_field": "ExternalID",
        }],
        "on_rejected_row": {"policy": "skip", "max_rejected_percent": 100},
    },
    local_executable=a["bin"] + "/destination-powerschool-enrollment",
)
destination.write(result, state_cache=False)
"""
