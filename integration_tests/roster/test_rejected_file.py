"""The file of rejected rows: who can read it, what is in it, and that it can be imported again."""

import csv
import re
import subprocess
from pathlib import Path

import pytest

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids

ROOT = Path(__file__).parents[2]
HEADER = "ExternalID,FirstName,LastName,DateOfBirth,EmailAddress\n"


@pytest.fixture
def roster(tmp_path):
    (tmp_path / "my.csv").write_text(f'{HEADER}1,Zyx,"Kw,yx",03/14/2012,a@example.com\n2,Boz,Qax,never,b@example.com\n')
    return tmp_path / "my.csv"


def imported(sandbox, file, *options):
    return run_import(file, "--into", schema_ids(sandbox)[1], *options, sandbox=sandbox, folder=file.parent)


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rejected_rows_have_the_rosters_columns_with_line_and_reason(sandbox, roster):
    result = imported(sandbox, roster)
    assert result.returncode == 3
    kept = roster.with_name("my.rejected.csv")
    (row,) = rows_of(kept)
    assert list(row) == [*HEADER.strip().split(","), "line", "reason"]
    assert (row["ExternalID"], row["DateOfBirth"], row["line"]) == ("2", "never", "3")
    assert row["reason"] == 'DateOfBirth: "never" is not a valid date.'
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"1 rejected row, with the full reasons, in {kept}" in result.stdout


def test_fixed_file_is_imported_again(sandbox, roster):
    imported(sandbox, roster)
    kept = roster.with_name("my.rejected.csv")
    kept.write_text(kept.read_text(encoding="utf-8-sig").replace(",never,", ",03/15/2012,"), encoding="utf-8-sig")
    again = imported(sandbox, kept)
    assert again.returncode == 0, again.stdout
    assert [row["DateOfBirth"] for row in rows_sent(sandbox)] == ["03/14/2012", "never", "03/15/2012"]


def test_each_run_has_a_separate_file(sandbox, roster):
    for name in ("my.rejected.csv", "my.rejected-2.csv", "my.rejected-3.csv"):
        assert imported(sandbox, roster).returncode == 3
        assert len(rows_of(roster.with_name(name))) == 1


def test_no_file_stays_if_no_row_is_rejected(sandbox, tmp_path):
    (tmp_path / "my.csv").write_text(f"{HEADER}1,Zyx,Kwyx,03/14/2012,a@example.com\n")
    assert imported(sandbox, tmp_path / "my.csv").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["my.csv"]


def test_symbolic_link_is_not_followed(sandbox, roster, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("kept")
    roster.with_name("my.rejected.csv").symlink_to(other)
    assert imported(sandbox, roster).returncode == 3
    assert other.read_text() == "kept"
    assert len(rows_of(roster.with_name("my.rejected-2.csv"))) == 1


@pytest.mark.parametrize("path", ["nowhere/rejected.csv", "a\0b"])
def test_file_that_cannot_be_created_is_refused_before_the_first_row(sandbox, roster, path):
    result = imported(sandbox, roster, "--rejected", path)
    assert result.returncode == 2
    assert "--rejected" in result.stdout
    assert rows_sent(sandbox) == []


def test_roster_itself_is_not_written_to(sandbox, roster):
    before = roster.read_text()
    assert imported(sandbox, roster, "--rejected", "my.csv").returncode == 2
    assert roster.read_text() == before


def test_first_rows_that_are_all_rejected_stop_the_import(sandbox, tmp_path):
    rows = "".join(f"{number},Zyx,Kwyx,never,a@example.com\n" for number in range(200))
    (tmp_path / "my.csv").write_text(HEADER + rows)
    result = imported(sandbox, tmp_path / "my.csv")
    assert result.returncode == 1
    assert "The first rows were all rejected, so the import stopped." in result.stdout
    assert "Nothing was written." in result.stdout
    assert re.search(r"Of 200 rows: 0 accepted, [5-9]\d rejected\.", result.stdout)
    assert "may have been written" not in result.stdout


def test_default_file_is_ignored_by_git():
    for name in ("my.rejected.csv", "examples/roster.rejected.csv", "my.rejected-2.csv"):
        assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False).returncode == 0
