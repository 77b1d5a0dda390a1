import pytest

from destination_powerschool_enrollment.columns import FieldFinder, cache_name


@pytest.mark.parametrize(
    ("name", "cached"), [("StudentID", "studentid"), ("Birth Date", "birth_date"), ("1st", "_1st"), ("a-b.c", "a_b_c")]
)
def test_a_cache_names_columns_in_lower_case_with_underscores(name, cached):
    assert cache_name(name) == cached


def test_a_column_goes_to_the_field_of_its_name():
    assert FieldFinder({}, ["Grade"]).field_of("Grade") == "Grade"


def test_a_column_from_a_cache_finds_its_field():
    assert FieldFinder({}, ["Birth Date"]).field_of("birth_date") == "Birth Date"


def test_mapping_applies_to_both_names_of_a_column():
    finder = FieldFinder({"Birth Date": "DateOfBirth"}, ["DateOfBirth"])
    assert finder.field_of("Birth Date") == finder.field_of("birth_date") == "DateOfBirth"


def test_an_exact_name_wins_over_a_cached_one():
    assert FieldFinder({}, ["grade", "Grade"]).field_of("Grade") == "Grade"


def test_a_name_that_two_fields_share_in_a_cache_finds_neither():
    assert FieldFinder({}, ["Birth Date", "Birth-Date"]).field_of("birth_date") is None


def test_a_column_without_a_field_has_none():
    assert FieldFinder({}, ["Grade"]).field_of("Nickname") is None


@pytest.mark.parametrize(("field", "column"), [("姓名", "地址"), ("姓名", "__"), ("Straße", "Straüe"), ("1-é", "_1_è")])
def test_names_of_which_a_cache_leaves_the_same_are_not_taken_for_each_other(field, column):
    assert FieldFinder({}, [field]).field_of(column) is None
    assert FieldFinder({field: "Grade"}, ["Grade"]).field_of(column) is None
    assert FieldFinder({}, [field]).field_of(field) == field


def test_a_name_with_a_foreign_letter_is_found_by_what_a_cache_leaves_of_it():
    assert FieldFinder({}, ["Straße"]).field_of("stra_e") == "Straße"


def test_every_name_is_a_field_if_the_service_does_not_list_fields():
    finder = FieldFinder({"First Name": "stu_FirstName"}, None)
    assert finder.field_of("anything") == "anything"
    assert finder.field_of("first_name") == "stu_FirstName"
