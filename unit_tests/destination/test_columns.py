import pytest

from destination_powerschool_enrollment.columns import FieldFinder, cache_name, is_deletion


@pytest.mark.parametrize(
    ("name", "cached"), [("StudentID", "studentid"), ("Birth Date", "birth_date"), ("1st", "_1st"), ("a-b.c", "a_b_c")]
)
def test_cache_name_is_in_lower_case_with_underscores(name, cached):
    assert cache_name(name) == cached


def test_column_maps_to_the_field_of_the_same_name():
    assert FieldFinder({}, ["Grade"]).field_of("Grade") == "Grade"


def test_column_maps_to_the_field_with_the_same_cache_name():
    assert FieldFinder({}, ["Birth Date"]).field_of("birth_date") == "Birth Date"


def test_mapping_applies_to_both_names_of_a_column():
    finder = FieldFinder({"Birth Date": "DateOfBirth"}, ["DateOfBirth"])
    assert finder.field_of("Birth Date") == finder.field_of("birth_date") == "DateOfBirth"


def test_exact_name_takes_precedence_over_cache_name():
    assert FieldFinder({}, ["grade", "Grade"]).field_of("Grade") == "Grade"


def test_cache_name_of_two_fields_maps_to_neither():
    assert FieldFinder({}, ["Birth Date", "Birth-Date"]).field_of("birth_date") is None


def test_unknown_column_has_no_field():
    assert FieldFinder({}, ["Grade"]).field_of("Nickname") is None


@pytest.mark.parametrize(("field", "column"), [("姓名", "地址"), ("姓名", "__"), ("Straße", "Straüe"), ("1-é", "_1_è")])
def test_non_ascii_names_with_equal_cache_names_are_not_confused(field, column):
    assert FieldFinder({}, [field]).field_of(column) is None
    assert FieldFinder({field: "Grade"}, ["Grade"]).field_of(column) is None
    assert FieldFinder({}, [field]).field_of(field) == field


def test_name_with_a_non_ascii_letter_is_found_by_its_cache_name():
    assert FieldFinder({}, ["Straße"]).field_of("stra_e") == "Straße"


def test_every_column_is_a_field_if_the_service_lists_no_fields():
    finder = FieldFinder({"First Name": "stu_FirstName"}, None)
    assert finder.field_of("anything") == "anything"
    assert finder.field_of("first_name") == "stu_FirstName"


@pytest.mark.parametrize(("value", "expected"), [("2026-08-01", True), ({"a": 1}, True), (None, False), ("", False)])
def test_row_with_a_time_of_its_deletion_is_a_deletion(value, expected):
    assert is_deletion({"id": 1, "_ab_cdc_deleted_at": value}) is expected
    assert is_deletion({"id": 1, "_AB_CDC_DELETED_AT": value}) is expected
    assert not is_deletion({"id": 1})
