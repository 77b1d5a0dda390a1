"""Options and variables of the command: the roster, the key, the import schema, and unchanged rows."""

import os
from pathlib import Path

import pytest

from integration_tests.roster.roster_command import ADDRESS, KEY, rows_sent, run_import, schema_ids

PLAIN = "ExternalID,FirstName,LastName\n00123,Zyx,Kwyx\n"


@pytest.fixture
def roster(tmp_path):
    (tmp_path / "my.csv").write_text(PLAIN)
    return tmp_path / "my.csv"


def test_roster_without_a_key_is_refused(roster):
    result = run_import(roster, "--into", "1")
    assert result.returncode == 2
    not_set = f"{KEY} is not set. Set it, or add --sandbox to try the roster on a made-up district."
    assert result.stdout == f"{not_set}\nNothing was sent.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name one roster: a file, `-` for standard input, or --database with --query"),
        (("my.csv", "--database", "sqlite://", "--query", "select 1"), "name one roster"),
        (("--database", "sqlite://"), "--database and --query belong together"),
        (("my.csv", "--date-order", "ymd"), "invalid choice: 'ymd'"),
        (("my.csv", "--dry"), "unrecognized arguments: --dry"),
    ],
)
def test_wrong_command_is_refused_before_any_request(sandbox, tmp_path, arguments, message):
    before = len(sandbox.journal)
    result = run_import(*arguments, sandbox=sandbox, folder=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert len(sandbox.journal) == before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("secretly/none.csv", "none.csv cannot be read: No such file or directory."),
        (".", ". cannot be read: Is a directory."),
        ("a\0b", "'a\\x00b' cannot be read: it is not the name of a file."),
    ],
)
def test_file_that_cannot_be_read_is_reported(sandbox, tmp_path, path, message):
    result = run_import(path, "--into", "1", sandbox=sandbox, folder=tmp_path)
    assert result.returncode == 2
    assert result.stdout.splitlines()[0] == message


def test_import_schemas_are_listed_without_a_choice(sandbox, roster):
    result = run_import(roster, sandbox=sandbox)
    assert result.returncode == 2
    assert (
        "Choose one with --into, or in POWERSCHOOL_ENROLLMENT_IMPORT_INTO: by its ID or a part of its name."
        in result.stdout
    )
    assert all(f"import schema {number}]" in result.stdout for number in schema_ids(sandbox))
    assert "new submissions" not in result.stdout


@pytest.mark.parametrize("into", ["short ROSTER", "registration 2025-2026: short roster", " {schema} "])
def test_import_schema_is_chosen_by_its_id_or_a_part_of_its_name(sandbox, roster, into):
    result = run_import(roster, "--into", into.format(schema=schema_ids(sandbox)[1]), sandbox=sandbox)
    assert result.returncode == 0, result.stdout
    assert len(rows_sent(sandbox)) == 1


def test_import_schema_may_be_in_the_environment(sandbox, roster):
    result = run_import(roster, sandbox=sandbox, POWERSCHOOL_ENROLLMENT_IMPORT_INTO=str(schema_ids(sandbox)[1]))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("into", "message"),
    [
        ("{form}", "this may be any of the following"),
        ("roster", "this may be any"),
        ("99", "this form or import schema does not exist"),
    ],
)
def test_ambiguous_or_unknown_choice_lists_the_candidates(sandbox, roster, into, message):
    form = next(iter(sandbox.district.forms))
    result = run_import(roster, "--into", into.format(form=form), sandbox=sandbox)
    assert result.returncode == 2
    assert message in result.stdout
    assert f"import schema {schema_ids(sandbox)[0]}]" in result.stdout


def test_standard_input_is_read(sandbox, tmp_path):
    reading, writing = os.pipe()
    os.write(writing, PLAIN.encode())
    os.close(writing)
    result = run_import(
        "-", "--into", schema_ids(sandbox)[1], sandbox=sandbox, folder=tmp_path, stdin=os.fdopen(reading, "rb")
    )
    assert result.returncode == 0, result.stdout
    assert "standard input: 1 row" in result.stdout
    assert len(rows_sent(sandbox)) == 1


def test_closed_standard_input_is_reported(sandbox, tmp_path):
    result = run_import("-", "--into", "1", sandbox=sandbox, folder=tmp_path)
    assert result.returncode == 2
    assert "standard input cannot be read: it is closed." in result.stdout


def test_refused_key_is_reported_with_its_variable(sandbox, roster):
    result = run_import(roster, "--into", "1", **{KEY: "wrong", ADDRESS: sandbox.base_url})
    assert result.returncode == 1
    assert "the API key was refused. The service answered: " in result.stdout
    assert f"Check {KEY}: copy the key again" in result.stdout
    assert "Nothing was written." in result.stdout
    assert "api_key" not in result.stdout


def test_wrong_address_is_reported_with_its_variable(roster):
    result = run_import(roster, "--into", "1", **{KEY: "k", ADDRESS: "ftp://nowhere"})
    assert result.returncode == 1
    assert f"{ADDRESS} is not an https:// address." in result.stdout


def test_unchanged_rows_are_not_sent(sandbox, tmp_path):
    file = tmp_path / "my.csv"
    file.write_text("stu_ExternalID,stu_FirstName,stu_LastName,stu_DateOfBirth\n7700,Zyx,Kwyx,3/14/2012\n")
    into = ("--into", schema_ids(sandbox)[0])
    assert run_import(file, *into, sandbox=sandbox).returncode == 0
    again = run_import(file, *into, "--skip-unchanged", sandbox=sandbox)
    assert "1 row: 1 accepted (1 of them unchanged and not sent), 0 rejected." in again.stdout
    assert len(rows_sent(sandbox)) == 1


def test_blank_cell_that_is_not_sent_is_not_a_change(sandbox, tmp_path):
    file, into = tmp_path / "my.csv", ("--into", schema_ids(sandbox)[0])
    header, row = "stu_ExternalID,stu_FirstName,stu_LastName,stu_Phone\n", "7702,Zyx,Kwyx,"
    file.write_text(f"{header}{row}512-555-0100\n")
    assert run_import(file, *into, sandbox=sandbox).returncode == 0
    file.write_text(f"{header}{row}\n")
    shown = [
        run_import(file, *into, "--skip-unchanged", *options, sandbox=sandbox).stdout
        for options in ((), ("--clear-empty", "--dry-run"), ("--clear-empty",))
    ]
    assert "1 row: 1 accepted (1 of them unchanged and not sent), 0 rejected." in shown[0]
    assert "0 new, 1 changed, 0 unchanged" in shown[1]
    assert "stu_Phone differs in 1 row." in shown[1]
    assert "1 row: 1 accepted, 0 rejected." in shown[2]
    assert [row.get("stu_Phone") for row in rows_sent(sandbox)] == ["512-555-0100", ""]


def test_emptied_cell_is_cleared_on_request(sandbox, tmp_path):
    file, into = tmp_path / "my.csv", ("--into", schema_ids(sandbox)[0])
    form = next(iter(sandbox.district.forms.values()))
    phones = []
    for cell, options in (("512-555-0100", ()), ("", ()), ("", ("--clear-empty",))):
        file.write_text(f"stu_ExternalID,stu_FirstName,stu_LastName,stu_Phone\n7701,Zyx,Kwyx,{cell}\n")
        assert run_import(file, *into, *options, sandbox=sandbox).returncode == 0
        phones += [each["dataItems"]["stu_Phone"] for each in form.roster if each["externalStudentID"] == "7701"]
    assert phones == ["512-555-0100", "512-555-0100", ""]


def test_options_of_the_help_are_on_the_page():
    result = run_import("--help")
    assert result.returncode == 0
    page = (Path(__file__).parents[2] / "docs" / "import_roster.md").read_text()
    options = {word.strip("[],") for word in result.stdout.split() if word.startswith("--")}
    assert len(options) > 15
    assert [option for option in options - {"--help"} if f"`{option}" not in page] == []
