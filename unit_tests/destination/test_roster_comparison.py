import pytest

from destination_powerschool_enrollment.roster_comparison import RosterDigests


def is_unchanged(shown, row, *, key="17", **settings):
    record = {"externalStudentID": "17", "dataItems": shown}
    return RosterDigests("ID", [*shown, "ID"], [record], **settings).is_unchanged({"ID": key, **row})


def test_equal_row_is_unchanged():
    assert is_unchanged({"A": "x", "B": None}, {"A": "x", "B": ""})
    assert not is_unchanged({"A": "x", "B": None}, {"A": "x", "B": "y"})


@pytest.mark.parametrize(
    ("shown", "row"),
    [({"A": "x\0", "B": "y"}, {"A": "x", "B": "\0y"}), ({"A": "x\0y", "B": ""}, {"A": "x", "B": "y\0"})],
)
def test_nul_in_a_value_does_not_hide_a_change(shown, row):
    assert not is_unchanged(shown, row)


def test_padding_of_a_value_does_not_count_as_a_change():
    assert is_unchanged({"A": "x y"}, {"A": " x y  "})
    assert is_unchanged({"A": "x  "}, {"A": "x  "})
    assert not is_unchanged({"A": "x  "}, {"A": "x"})
    assert is_unchanged({"A": "04/20/2015"}, {"A": "2015-04-20 "}, date_fields={"A"})


def test_date_formats_are_equal_in_date_fields_only():
    shown, row = {"A": "04/20/2015"}, {"A": "2015-04-20"}
    assert is_unchanged(shown, row, date_fields={"A"})
    assert not is_unchanged(shown, row)


def test_record_is_found_by_its_trimmed_identifier():
    record = {"externalStudentID": "17\u200b ", "dataItems": {"A": "x"}}
    assert RosterDigests("ID", ["ID", "A"], [record]).is_unchanged({"ID": "17", "A": "x"})


def test_field_that_is_not_sent_is_not_compared():
    assert is_unchanged({"A": "x", "B": "kept"}, {"A": "x"})
    assert not is_unchanged({"A": "x", "B": "kept"}, {"A": "x", "B": ""})


def test_empty_value_differs_from_a_field_that_the_record_lacks():
    records = [{"externalStudentID": "17", "dataItems": {"A": "x"}}]
    assert RosterDigests("ID", ["ID", "A", "B"], records).differing({"ID": "17", "A": "x", "B": ""}) == ["B"]


def test_rows_of_a_forgotten_student_are_changed():
    roster = RosterDigests("ID", ["A"], [{"externalStudentID": "17", "dataItems": {"A": "x"}}])
    assert roster.is_unchanged({"ID": "17", "A": "x"})
    roster.forget("17")
    assert not roster.is_unchanged({"ID": "17", "A": "x"})
