"""The command that `make import` runs: what it writes, what it keeps, and what it refuses before that."""

import csv
import json
import re
import shutil
import subprocess
import sys

import pytest

from integration_tests.connector import read_streams
from integration_tests.destination.roster_command import (
    EXAMPLES,
    MARK,
    ROOT,
    environment,
    import_roster,
    short_roster,
    write_roster,
)


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
    assert "Unknown column 'DateOfBrith' for --ignore (did you mean 'DateOfBirth'?)." in result.stdout
    assert sandbox.journal.count("POST", "*") == 0


def test_rows_of_one_student_are_listed_by_line_and_written_in_order(sandbox, tmp_path):
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
