"""What --dry-run shows, and that it sends nothing."""

import re

import pytest
import yaml

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids

HEADER = ["stu_ExternalID", "stu_FirstName", "stu_LastName", "stu_DateOfBirth", "stu_Phone"]
MARK = "Zyxwana"


@pytest.fixture
def records(sandbox):
    """The roster's records that can be compared, as rows of a file."""
    form = next(iter(sandbox.district.forms.values()))
    items = [form.roster[number]["dataItems"] for number in form.roster.ids()]
    return [[each[name] or "" for name in HEADER] for each in items if each["stu_ExternalID"]]


def dry_run(sandbox, tmp_path, rows, *options, header=HEADER):
    file = tmp_path / "roster.csv"
    file.write_text("\n".join(",".join(cells) for cells in [header, *rows]) + "\n", encoding="utf-8")
    before = sandbox.journal.count("POST", "*")
    result = run_import(file, "--into", schema_ids(sandbox)[0], "--dry-run", *options, sandbox=sandbox)
    assert sandbox.journal.count("POST", "*") == before
    assert rows_sent(sandbox) == []
    assert [path.name for path in tmp_path.iterdir() if "rejected" in path.name] == []
    return result


def test_new_changed_and_unchanged_rows_are_counted(sandbox, tmp_path, records):
    changed = [[*records[0][:4], "512-555-0199"], [records[1][0], MARK, *records[1][2:]]]
    new = [["990001", MARK, MARK, "03/14/2012", ""]]
    result = dry_run(sandbox, tmp_path, [*changed, *records[2:], *new])
    assert result.returncode == 0, result.stdout
    counts = f"{len(records) + 1} rows: 1 new, 2 changed, {len(records) - 2} unchanged, 0 refused."
    assert counts in result.stdout
    assert "stu_Phone differs in 1 row." in result.stdout
    assert "stu_FirstName differs in 1 row." in result.stdout
    assert "Unchanged rows are sent, too, unless you add --skip-unchanged." in result.stdout
    assert "Dry run: nothing was sent." in result.stdout


def test_columns_are_shown_with_their_fields_and_blank_cells(sandbox, tmp_path, records):
    header = ["External_ID", "First Name", "LAST NAME", "dob", "stu_Phone"]
    rows = [[*cells[:4], ""] for cells in records]
    result = dry_run(sandbox, tmp_path, rows, header=header)
    assert re.findall(r"│ (\S+(?: \S+)*) +│ stu_", result.stdout) == header
    assert re.search(r"│ dob +│ stu_DateOfBirth +│ +│", result.stdout)
    assert re.search(rf"│ stu_Phone +│ stu_Phone +│ {len(rows)} +│", result.stdout)


def test_no_value_is_shown(sandbox, tmp_path, records):
    rows = [["990001", MARK, "Null", "14.03.12", "512-555-0100"], ["990001", MARK, MARK, "2012-03-14", "x"], *records]
    shown = dry_run(sandbox, tmp_path, rows).stdout
    assert "lines 2, 3" in shown
    assert "line 2: stu_LastName has a word for a missing value" in shown
    assert "line 2: stu_DateOfBirth is not a date" in shown
    values = {cell for row in [*rows, *records] for cell in row if len(cell) > 2}
    assert [value for value in values if value in shown] == []


def test_date_in_another_format_is_not_a_change(sandbox, tmp_path, records):
    iso = [[*row[:3], "{2}-{0}-{1}".format(*row[3].split("/")), row[4]] for row in records]
    assert f"0 new, 0 changed, {len(records)} unchanged" in dry_run(sandbox, tmp_path, iso).stdout


def test_refusals_end_a_dry_run_like_an_import(sandbox, tmp_path, records):
    result = dry_run(sandbox, tmp_path, [["1.23E+05", *records[0][1:]]])
    assert result.returncode == 2
    assert "line 2: stu_ExternalID is in scientific notation" in result.stdout


def test_mapping_is_saved_and_used_again(sandbox, tmp_path, records):
    header = ["number", "given", "stu_LastName", "stu_DateOfBirth", "shoe size"]
    mapping = tmp_path / "mapping.yaml"
    options = ("--map", "number=stu_ExternalID", "--map", "given=stu_FirstName", "--ignore", "shoe size")
    first = dry_run(sandbox, tmp_path, records, *options, "--save-mapping", mapping, header=header)
    assert first.returncode == 0, first.stdout
    columns = yaml.safe_load(mapping.read_text())["columns"]
    assert list(columns.items())[:3] == list(zip(header[:3], HEADER[:3], strict=True))
    assert "ignore:\n- shoe size\n# Fields without a column:\n#   stu_MiddleName\n" in mapping.read_text()
    again = dry_run(sandbox, tmp_path, records, "--mapping", mapping, header=header)
    assert again.stdout == first.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("columns: [a]", "the file is not a mapping"),
        ("colums: {a: b}", "the file is not a mapping"),
        ("columns: {a: 1}", "the file is not a mapping"),
        ("ignore: shoe size", "the file is not a mapping"),
        ("{", "the file is not YAML"),
        ("columns: {shoe: stu_Phone}", "--map: roster.csv, line 1 has no column 'shoe'"),
        (None, "the file cannot be read: No such file or directory"),
    ],
)
def test_wrong_mapping_file_is_refused(sandbox, tmp_path, records, content, message):
    mapping = tmp_path / "mapping.yaml"
    if content is not None:
        mapping.write_text(content)
    result = dry_run(sandbox, tmp_path, records, "--mapping", mapping)
    assert result.returncode == 2
    assert message in result.stdout


def test_long_list_of_fields_without_a_column_is_cut(sandbox, tmp_path, records):
    result = dry_run(sandbox, tmp_path, records, header=[*HEADER[:4], "shoe size"])
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("Fields without a column: "))
    assert re.search(r"(, stu_\w+)+, and \d+ more \(all: --dry-run --ignore-others --save-mapping FILE\)", line)
    assert line.count("stu_") == 10


@pytest.mark.parametrize("content", ["", "columns:\nignore:\n", "ignore: [gone]\nignore_others: true\n"])
def test_empty_mapping_file_changes_nothing(sandbox, tmp_path, records, content):
    (tmp_path / "mapping.yaml").write_text(content)
    assert dry_run(sandbox, tmp_path, records, "--mapping", tmp_path / "mapping.yaml").returncode == 0


def test_fields_that_no_record_shows_are_not_compared(sandbox, tmp_path, records):
    file = tmp_path / "roster.csv"
    file.write_text(f"ExternalID,FirstName,LastName\n{records[0][0]},{MARK},{MARK}\n")
    result = run_import(file, "--into", schema_ids(sandbox)[1], "--dry-run", sandbox=sandbox)
    assert "1 row: 0 new, 0 changed, 1 unchanged" in result.stdout
    not_compared = "Not compared, because PowerSchool's records do not show these fields: FirstName, LastName."
    assert f"{not_compared} Rows with a value there are always sent." in result.stdout
    assert "unless you add --skip-unchanged" not in result.stdout
    again = run_import(file, "--into", schema_ids(sandbox)[1], "--skip-unchanged", sandbox=sandbox)
    assert "--skip-unchanged will skip only rows that do not send these fields" in again.stdout
    assert len(rows_sent(sandbox)) == 1
