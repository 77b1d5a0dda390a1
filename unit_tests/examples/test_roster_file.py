"""Rosters as registrars have them: what is read, and the error for a file that cannot be read."""

import csv
import re
import zipfile

import pytest
from roster_file import UnusableRoster, read_roster

HEADER = "ExternalID,FirstName,LastName\n"
CHILD = "Zyxwana"


def read(folder, content):
    file = folder / "my.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(file)


def refusal(folder, content):
    with pytest.raises(UnusableRoster) as refused:
        read(folder, content)
    assert CHILD not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_sep_line_is_named_as_the_problem(tmp_path, separator, mark):
    said = refusal(tmp_path, mark + f"sep={separator}\r\n{HEADER.replace(',', separator)}".encode())
    assert "The first line of my.csv only names the delimiter (`sep=`): remove it" in said


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no byte order mark", "byte order mark"])
def test_each_separator_and_line_end_that_programs_write_is_read(tmp_path, separator, line_end, mark):
    rows = [["ID", "Name, First", "Grade"], ["7", "Zoë | Ana", "1;2\t3"], ["8", 'the "eighth"', "a,b,c,d,e"]]
    file = tmp_path / "my.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    roster = read(tmp_path, mark + file.read_bytes())
    assert roster.columns == rows[0]
    assert roster.rows == rows[1:]


def test_a_row_is_known_by_the_line_on_which_it_begins(tmp_path):
    roster = read(tmp_path, "\n" + HEADER + '1,"Ann\nMarie",Lee\n\n2,Bo,Kim\r\n,,\n3,"a\n\nb",c\n4,d,e')
    assert [row[0] for row in roster.rows] == ["1", "2", "3", "4"]
    assert roster.lines == [3, 6, 8, 11]


def test_what_a_spreadsheet_leaves_behind_the_last_column_and_row_is_nothing(tmp_path):
    roster = read(tmp_path, " ExternalID , FirstName,,\n1,Ann,,\n2,,,\n,,,\n ,,,\n")
    assert roster.columns == ["ExternalID", "FirstName"]
    assert roster.rows == [["1", "Ann"], ["2", ""]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "my.csv is empty", id="nothing"),
        pytest.param("\n ,,\n\n", "my.csv is empty", id="blanks"),
        pytest.param(b"\xef\xbb\xbf", "my.csv is empty", id="a byte order mark"),
        pytest.param(HEADER, "my.csv has no row below its header.", id="a header"),
        pytest.param(HEADER + f"1,{CHILD}\n", "Line 2 of my.csv has 2 cells, its header 3.", id="too few cells"),
        pytest.param(
            HEADER + f'1,"a\nb",c\n2,a,b,{CHILD}\n', "Line 4 of my.csv has 4 cells, its header 3.", id="too many cells"
        ),
        pytest.param("ID,Name,ID\n1,a,2\n", "The columns 1 and 3 of my.csv have the same name", id="same name"),
        pytest.param(f"{CHILD},{CHILD},1\n", "The columns 1 and 2 of my.csv have the same name", id="no header"),
        pytest.param("ID,,Name\n1,a,b\n", "Column 2 of my.csv has no name in the first line.", id="no name"),
        pytest.param(HEADER + f'1,"{CHILD},b\n2,c,d\n', "The row on line 2 of my.csv cannot be read", id="open quote"),
        pytest.param(HEADER + f'1,"{CHILD}"s,b\n', "The row on line 2 of my.csv cannot be read", id="quote inside"),
        pytest.param(
            HEADER + f"1,{'x' * 200_000},b\n", "The row on line 2 of my.csv cannot be read", id="endless cell"
        ),
        pytest.param(
            (HEADER + f"1,{CHILD},Muñoz\n").encode("latin-1"), "Line 2 of my.csv is not UTF-8 text.", id="Latin-1"
        ),
        pytest.param((HEADER + "1,a,b\n").encode("utf-16"), "Line 1 of my.csv is not UTF-8 text.", id="UTF-16"),
        pytest.param((HEADER + "1,a,b\n").encode("utf-16-le"), "my.csv is not UTF-8 text.", id="UTF-16 without a mark"),
    ],
)
def test_file_that_is_not_a_roster_is_refused_with_the_place(tmp_path, content, said):
    assert said in refusal(tmp_path, content)


def test_an_encoding_is_refused_with_what_to_do(tmp_path):
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/workbook.xml", bytes(range(256)) * 4)
    for content in ((HEADER + "é").encode("latin-1"), HEADER.encode("utf-16"), (tmp_path / "book.xlsx").read_bytes()):
        assert 'Save it as "CSV UTF-8" (in Excel: File > Save As).' in refusal(tmp_path, content)


def test_many_bad_lines_are_named_and_then_counted(tmp_path):
    said = refusal(tmp_path, HEADER + "1,a\n" * 1205)
    assert re.findall(r"Line (\d+) of", said) == ["2", "3", "4", "5", "6"]
    assert "And 1,200 lines more." in said


def test_a_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path):
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "none.csv", "No such file or directory")):
        with pytest.raises(UnusableRoster) as refused:
            read_roster(path)
        assert str(refused.value) == f"{path} cannot be read: {reason}."


def test_roster_repr_contains_no_row(tmp_path):
    assert CHILD not in repr(read(tmp_path, HEADER + f"1,{CHILD},b\n"))
