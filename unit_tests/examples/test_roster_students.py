"""The student of a roster row, and the messages if it is unknown or two rows are about the same one."""

import pytest
from roster_file import Roster, UnusableRoster
from roster_students import refuse_rows_of_nobody, repetitions
from roster_target import Target, fields_of

SHORT = Target("Form: Short roster", ["ExternalID", "FirstName"], ["ExternalID"])
UNCLEAR = Target("Form: Names", ["FirstName", "LastName"], ["FirstName", "LastName"])


def roster(*ids, column="ExternalID"):
    rows = [[each, "Zyxwana"] for each in ids]
    return Roster("my.csv", [column, "FirstName"], rows, [number * 2 for number, _ in enumerate(ids, start=1)])


def refusal(of):
    with pytest.raises(UnusableRoster) as refused:
        refuse_rows_of_nobody(of, SHORT, fields_of(of, SHORT, {}, []))
    assert "Zyxwana" not in str(refused.value)
    return str(refused.value)


def told_of(of):
    return repetitions(of, SHORT, fields_of(of, SHORT, {}, []))


def test_a_row_without_an_id_is_named_by_its_line():
    assert refusal(roster("7", "  ", "8")).startswith("my.csv, line 4: This row has no ExternalID, which")


def test_of_many_rows_without_an_id_five_are_named():
    assert refusal(roster("7", *[""] * 9)).startswith("my.csv, lines 4, 6, 8, 10, 12 and 4 more: These rows")


def test_column_with_another_spelling_also_identifies_students():
    with pytest.raises(UnusableRoster, match="This row has no Student Number, which"):
        refuse_rows_of_nobody(roster("7", "", column="Student Number"), SHORT, {"Student Number": "ExternalID"})


def test_rows_of_one_student_are_named_by_their_lines_and_not_by_the_id():
    said = told_of(roster("700123", "8", " 700123 ", "9", "8"))
    assert said == "The same ExternalID, so that the last row stays: my.csv, lines 2, 6; my.csv, lines 4, 10."


def test_of_many_students_with_several_rows_five_are_named():
    ids = [str(number) for number in range(12)]
    assert told_of(roster(*ids, *ids)).endswith("my.csv, lines 10, 34; and 7 students more.")


def test_different_students_cause_no_warning():
    of = roster("7", "8")
    refuse_rows_of_nobody(of, SHORT, fields_of(of, SHORT, {}, []))
    assert told_of(of) is None


def test_unknown_key_fields_cause_no_warning():
    of = Roster("my.csv", ["FirstName", "LastName"], [["", "A"], ["", "A"]], [2, 3])
    fields = fields_of(of, UNCLEAR, {}, [])
    refuse_rows_of_nobody(of, UNCLEAR, fields)
    assert repetitions(of, UNCLEAR, fields) is None
