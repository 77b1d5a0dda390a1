"""Spreadsheets: which sheet is read, and what numbers and dates become."""

import datetime as dt
import gzip
import io
import zipfile

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids, without_rate
from integration_tests.roster.workbooks import ods, saved, with_file, xls, xlsx

HEADER = ["ExternalID", "FirstName", "LastName", "DateOfBirth", "Grade"]
SHEET = "xl/worksheets/sheet1.xml"
BIRTHDAY = dt.date(2012, 3, 14)
STUDENT = ["00123", "Zyx", "Kwyx", BIRTHDAY, 3]
SENT = {"ExternalID": "00123", "FirstName": "Zyx", "LastName": "Kwyx", "DateOfBirth": "03/14/2012", "Grade": "3"}


def imported(sandbox, tmp_path, content, *options, name="roster.xlsx"):
    (tmp_path / name).write_bytes(content)
    result = run_import(tmp_path / name, "--into", schema_ids(sandbox)[1], *options, sandbox=sandbox)
    assert "Zyx" not in result.stdout
    assert "123" not in without_rate(result.stdout)
    return result


@pytest.mark.parametrize(("write", "name"), [(xlsx, "a.xlsx"), (xls, "a.xls"), (ods, "a.ods"), (xlsx, "a.csv")])
def test_workbook_is_recognised_by_its_content(sandbox, tmp_path, write, name):
    result = imported(sandbox, tmp_path, write([HEADER, STUDENT]), name=name)
    assert result.returncode == 0, result.stdout
    assert rows_sent(sandbox) == [SENT]


def test_dates_count_from_1904_if_the_workbook_states_it(sandbox, tmp_path):
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx([HEADER, STUDENT])))
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active["D2"].value = BIRTHDAY
    # Excel 2013 and later add an element of the same local name, which does not state the date system.
    extension = (
        b'<extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}" '
        b'xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main">'
        b'<x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>'
    )
    content = with_file(saved(workbook), "xl/workbook.xml", lambda text: text.replace(b"</workbook>", extension))
    assert imported(sandbox, tmp_path, content).returncode == 0
    assert rows_sent(sandbox) == [SENT]


def test_compressed_workbook_is_read(sandbox, tmp_path):
    assert imported(sandbox, tmp_path, gzip.compress(xlsx([HEADER, STUDENT])), name="a.xlsx.gz").returncode == 0
    assert rows_sent(sandbox) == [SENT]


@pytest.mark.parametrize(
    ("number_format", "value", "sent"),
    [("General", 123, "123"), ("00000", 123, "00123"), ("000-000", 1234, "001-234"), ("0", 10**14, str(10**14))],
)
def test_number_as_identifier_has_the_digits_that_are_displayed(sandbox, tmp_path, number_format, value, sent):
    content = xlsx([HEADER, [value, *STUDENT[1:]]], {"A2": number_format})
    (tmp_path / "a.xlsx").write_bytes(content)
    assert run_import(tmp_path / "a.xlsx", "--into", schema_ids(sandbox)[1], sandbox=sandbox).returncode == 0
    assert rows_sent(sandbox) == [SENT | {"ExternalID": sent}]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (123.5, "row 2: ExternalID is a number whose displayed digits are not known"),
        (1.5e15, "row 2: ExternalID is a number whose displayed digits are not known"),
        (BIRTHDAY, "row 2: ExternalID is a date: the spreadsheet program took the ID for one"),
        (None, "row 2: ExternalID is missing"),
    ],
)
def test_identifier_that_a_spreadsheet_changed_is_refused(sandbox, tmp_path, value, message):
    result = imported(sandbox, tmp_path, xlsx([HEADER, [value, *STUDENT[1:]]]))
    assert result.returncode == 2
    assert message in result.stdout
    assert rows_sent(sandbox) == []


@pytest.mark.parametrize(("write", "name"), [(xls, "a.xls"), (ods, "a.ods")])
def test_number_as_identifier_is_refused_where_its_format_is_unknown(sandbox, tmp_path, write, name):
    result = imported(sandbox, tmp_path, write([HEADER, [123, *STUDENT[1:]]]), name=name)
    assert result.returncode == 2
    assert "a.xl" in result.stdout or "a.ods" in result.stdout
    assert "row 2: ExternalID is a number" in result.stdout


def test_first_visible_sheet_is_read(sandbox, tmp_path):
    workbook = xlsx([HEADER, STUDENT], sheets=("Roster", "Notes"))
    assert imported(sandbox, tmp_path, workbook).returncode == 0
    hidden = xlsx([["nothing"]], sheets=("Codes", "Notes"), hidden=("Codes",))
    assert "Notes" not in imported(sandbox, tmp_path, hidden).stdout
    assert rows_sent(sandbox) == [SENT]


def test_chart_before_the_roster_is_not_read(sandbox, tmp_path):
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx([HEADER, STUDENT])))
    workbook.create_chartsheet("Chart", 0)
    assert imported(sandbox, tmp_path, saved(workbook)).returncode == 0
    assert rows_sent(sandbox) == [SENT]


@pytest.mark.parametrize(("sheet", "code"), [("Roster", 0), ("1", 0), ("2", 2), ("Pupils", 2)])
def test_sheet_is_chosen_by_name_or_position(sandbox, tmp_path, sheet, code):
    workbook = xlsx([HEADER, STUDENT], sheets=("Roster", "Notes"))
    result = imported(sandbox, tmp_path, workbook, "--sheet", sheet)
    assert result.returncode == code, result.stdout
    assert ("--sheet Pupils: roster.xlsx has no such sheet. It has 'Roster', 'Notes'." in result.stdout) == (
        sheet == "Pupils"
    )


def test_row_numbers_are_those_of_the_spreadsheet_program(sandbox, tmp_path):
    rows = [["District report"], [], HEADER, STUDENT, [], [None, "Boz", "Qax", BIRTHDAY, 4]]
    result = imported(sandbox, tmp_path, xlsx(rows), "--header-line", "3")
    assert "roster.xlsx, row 6: ExternalID is missing" in result.stdout
    assert (
        "row 1 does not have the columns' names, but row 3 seems to" in imported(sandbox, tmp_path, xlsx(rows)).stdout
    )


def test_date_cell_is_a_date_in_any_field(sandbox, tmp_path):
    rows = [[*HEADER, "School"], [*STUDENT, BIRTHDAY]]
    assert imported(sandbox, tmp_path, xlsx(rows)).returncode == 0
    assert rows_sent(sandbox) == [SENT | {"School": "03/14/2012"}]


def test_single_date_among_other_values_is_named(sandbox, tmp_path):
    grades = [BIRTHDAY, "K", "-1", "01"]
    rows = [HEADER, *([f"0012{place}", *STUDENT[1:4], grade] for place, grade in enumerate(grades))]
    result = imported(sandbox, tmp_path, xlsx(rows))
    assert result.returncode == 0
    assert "roster.xlsx, row 2: Grade has a date among other values: a spreadsheet program may" in result.stdout
    assert "Grade is not a date" not in result.stdout
    assert [row["Grade"] for row in rows_sent(sandbox)] == ["2012-03-14", "K", "-1", "01"]


@pytest.mark.parametrize(
    ("write", "size"),
    [(xlsx, 2000), (xls, 600), (ods, 300), (lambda _: b"PK\x03\x04no", 6)],
    ids=["xlsx cut short", "xls cut short", "ods cut short", "not a zip file"],
)
def test_damaged_workbook_is_reported(sandbox, tmp_path, write, size):
    result = imported(sandbox, tmp_path, write([HEADER, STUDENT])[:size])
    assert result.returncode == 2
    assert "damaged" in result.stdout


def test_rejected_row_of_a_workbook_has_its_row_number(sandbox, tmp_path):
    rows = [HEADER, [*STUDENT[:3], "never", 3]]
    result = imported(sandbox, tmp_path, xlsx(rows))
    assert result.returncode == 3
    assert "roster.xlsx, row 2: rejected: DateOfBirth: … is not a valid date." in result.stdout
    assert (tmp_path / "roster.rejected.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("00123,Zyx,")


def test_sheet_is_named_if_the_workbook_has_others(sandbox, tmp_path):
    rows = [HEADER, [None, *STUDENT[1:]]]
    shown = imported(sandbox, tmp_path, xlsx(rows, sheets=("Grade 3", "Grade 4"))).stdout
    assert "roster.xlsx, sheet 'Grade 3', row 2: ExternalID is missing" in shown
    assert "roster.xlsx, row 2: ExternalID is missing" in imported(sandbox, tmp_path, xlsx(rows)).stdout


def test_columns_are_called_by_their_letters(sandbox, tmp_path):
    rows = [[None, None, *HEADER, "First Name"], [None, None, *STUDENT, "Zyx"]]
    assert "roster.xlsx, row 1: the columns D, H have the same name" in imported(sandbox, tmp_path, xlsx(rows)).stdout


def test_problem_in_a_file_of_an_archive_names_that_file(sandbox, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("orgs.csv", "a,b\n")
        archive.writestr("users.csv", "ExternalID,FirstName,LastName\n,Zyx,Kwyx\n")
    result = imported(sandbox, tmp_path, packed.getvalue(), "--sheet", "users.csv", name="all.zip")
    assert "all.zip/users.csv, line 2: ExternalID is missing" in result.stdout


def changed(rows, change):
    """Return a workbook with these rows, after `change` has edited its sheet."""
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx(rows)))
    change(workbook.active)
    return saved(workbook)


@pytest.mark.parametrize("cell", ["A3", "B3", "E3"])
def test_formula_without_its_result_is_refused(sandbox, tmp_path, cell):
    def write_formula(sheet):
        sheet[cell] = '=CONCATENATE("Z","yx")'

    result = imported(sandbox, tmp_path, changed([HEADER, STUDENT, ["00124", *STUDENT[1:]]], write_formula))
    assert result.returncode == 2
    name = HEADER["ABCDE".index(cell[0])]
    assert f"roster.xlsx, row 3: {name} has a formula without its result. Fix: open the workbook" in result.stdout


def test_row_that_has_only_formulas_without_results_is_not_lost(sandbox, tmp_path):
    def write_formulas(sheet):
        for cell in ("A4", "B4", "F4"):
            sheet[cell] = "=A2"

    result = imported(sandbox, tmp_path, changed([HEADER, STUDENT], write_formulas))
    assert result.returncode == 2
    assert "roster.xlsx, row 4: more cells than the 5 columns" in result.stdout
    result = imported(sandbox, tmp_path, changed([[*HEADER, "note"], STUDENT], write_formulas), "--ignore", "note")
    assert "roster.xlsx, row 4: ExternalID has a formula without its result." in result.stdout


def test_formula_in_a_column_that_is_not_sent_is_ignored(sandbox, tmp_path):
    def write_formula(sheet):
        sheet["F2"] = "=LEN(B2)"

    workbook = changed([[*HEADER, "Length"], STUDENT], write_formula)
    assert imported(sandbox, tmp_path, workbook, "--ignore", "Length").returncode == 0
    assert rows_sent(sandbox) == [SENT]


def test_formula_with_an_empty_result_is_a_blank_cell(sandbox, tmp_path):
    formula = b'<c r="E2" t="str"><f>IF(1,"","")</f><v></v></c></row></sheetData>'
    content = with_file(xlsx([HEADER, STUDENT[:4]]), SHEET, lambda text: text.replace(b"</row></sheetData>", formula))
    assert imported(sandbox, tmp_path, content).returncode == 0
    assert rows_sent(sandbox) == [{name: value for name, value in SENT.items() if name != "Grade"}]


def test_error_of_a_formula_is_not_a_blank_cell(sandbox, tmp_path):
    def write_errors(sheet):
        sheet["A3"], sheet["C2"] = "#N/A", "#REF!"

    result = imported(sandbox, tmp_path, changed([HEADER, STUDENT, STUDENT], write_errors))
    assert result.returncode == 2
    assert "roster.xlsx, row 2: LastName has a word for a missing value" in result.stdout
    assert "roster.xlsx, row 3: ExternalID is a word for a missing value" in result.stdout


def test_hidden_rows_and_merged_cells_are_named(sandbox, tmp_path):
    def hide_and_merge(sheet):
        for row in (3, 4):
            sheet.row_dimensions[row].hidden = True
        sheet.merge_cells("E2:E4")

    result = imported(sandbox, tmp_path, changed([HEADER, STUDENT, [], ["00124", *STUDENT[1:]]], hide_and_merge))
    assert result.returncode == 0
    assert "roster.xlsx, row 4: hidden, for example by a filter. Hidden rows are imported, too" in result.stdout
    assert "roster.xlsx, row 4: Grade is merged with the cell above, and counts as blank." in result.stdout
    assert len(rows_sent(sandbox)) == 2


def test_stray_cell_far_from_the_roster_is_refused(sandbox, tmp_path):
    def write_blank(sheet):
        sheet["XFD1048576"] = " "

    result = imported(sandbox, tmp_path, changed([HEADER, STUDENT], write_blank))
    assert result.returncode == 2
    assert (
        "roster.xlsx is too large: it has a value, perhaps only a blank, in row 1,048,576, and one in column"
        in result.stdout
    )


FAR_ROWS = (
    b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row><table:table-row>'
    b'<table:table-cell table:number-columns-repeated="999"/>%b</table:table-row></table:table>'
)
BLANK = b'<table:table-cell office:value-type="string"><text:p> </text:p></table:table-cell>'


@pytest.mark.parametrize(("cell", "code"), [(BLANK, 2), (b"<table:table-cell/>", 0)])
def test_stray_cell_of_an_ods_is_refused_also_in_another_sheet(sandbox, tmp_path, cell, code):
    def add_sheet(content):
        second = b'<table:table table:name="Notes">' + FAR_ROWS % cell
        return content.replace(b"</office:spreadsheet>", second + b"</office:spreadsheet>")

    workbook = with_file(ods([HEADER, STUDENT]), "content.xml", add_sheet)
    result = imported(sandbox, tmp_path, workbook, name="roster.ods")
    assert result.returncode == code, result.stdout
    message = (
        "roster.ods, sheet 'Notes' is too large: it has a value, perhaps only a blank, in row 1,000,001, and one in "
        "column ALL. Delete the rows below the students and the columns beside them, and save it."
    )
    assert (message in result.stdout) == (code == 2)


def test_formats_far_from_the_roster_are_ignored(sandbox, tmp_path):
    def set_format(sheet):
        sheet["XFD1048576"].number_format = "@"

    assert imported(sandbox, tmp_path, changed([HEADER, STUDENT], set_format)).returncode == 0
    assert rows_sent(sandbox) == [SENT]
