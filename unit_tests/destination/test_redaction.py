import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_powerschool_enrollment.redaction import without_values

ROW = ["Zoë Marie O'Brien", "190292", "5", "04/20/2007", "Name"]
FIELDS = {"FirstName", "Address 2", "stu_Line22"}


@pytest.mark.parametrize(
    ("reason", "public"),
    [
        ("Grade is required.", "Grade is required."),
        ("Student 190292 not found.", "Student … not found."),
        ("No room for zoë marie o'brien here", "No room for … here"),
        ("Marie is locked", "… is locked"),
        ("Brien's record is locked", "…'s record is locked"),
        ("Grade 5 is not offered", "Grade … is not offered"),
        ("'April 20' is no date for 'FirstName'", "… is no date for 'FirstName'"),
        ("born 4/20/2007", "born …"),
        ("FirstName of marie", "FirstName of …"),
        ("The field stu_Line22 is too long", "The field stu_Line22 is too long"),
    ],
)
def test_values_are_removed_from_a_reason(reason, public):
    assert without_values(reason, ROW, FIELDS) == public


def test_long_reason_is_truncated():
    assert len(without_values("no " * 500, [], ())) < 310


@given(st.lists(st.text(min_size=4, alphabet=st.characters(categories=["L"])), min_size=1, max_size=5))
def test_no_value_of_four_letters_remains(values):
    public = without_values(" and ".join(values), values, ())
    assert not any(value in public for value in values if value not in " and …")
