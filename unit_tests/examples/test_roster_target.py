"""What a roster goes to: the target that is meant, and a field for each column."""

import shlex

import pytest
from roster_file import Roster, UnusableRoster
from roster_target import Target, UnclearTarget, best_target, fields_of, target_called, targets_of

SHORT = ("ExternalID", "FirstName", "LastName", "DateOfBirth", "Grade")
FULL = ("stu_ExternalID", "stu_First", "stu_Last", "stu_Grade")


def target(form, schema, ids, fields=SHORT):
    return Target(f"{form}: {schema} [published action {ids[0]}, import schema {ids[1]}]", fields, [fields[0]])


OPTIONS = "--map 'First Name=FirstName' --map BirthDate=DateOfBirth --ignore 'Shoe size'"
RETURNING = target("Returning 2025-2026", "Short roster", (1, 11))
RETURNING_FULL = target("Returning 2025-2026", "Full roster", (1, 12), FULL)
NEW = target("New: K-5 2025-2026", "Short roster", (2, 21))
TARGETS = [RETURNING, RETURNING_FULL, NEW]


def roster(*columns):
    return Roster("my.csv", list(columns), [["Zyxwana"] * len(columns)], [2])


def refusal(*columns, target=RETURNING, mapping=None, ignored=()):
    with pytest.raises(UnusableRoster) as refused:
        fields_of(roster(*columns), target, mapping or {}, ignored)
    return str(refused.value)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (RETURNING.name, RETURNING),
        (NEW.name.upper(), NEW),
        ("12", RETURNING_FULL),
        (" 21 ", NEW),
        ("full ROSTER", RETURNING_FULL),
        ("new: k-5", NEW),
        ("Returning 2025-2026: short", RETURNING),
    ],
)
def test_a_target_goes_by_its_name_its_id_or_a_part_that_only_it_has(wanted, meant):
    assert target_called(wanted, TARGETS) is meant


def test_a_whole_name_is_meant_even_if_another_name_holds_it():
    longer = Target(f"Old {RETURNING.name}", SHORT, [])
    assert target_called(RETURNING.name, [longer, RETURNING]) is RETURNING


@pytest.mark.parametrize("wanted", ["1", "3", "111", "1999", "import schema", "published action 1", "]"])
def test_digits_are_a_whole_id_and_other_text_is_searched_in_titles_alone(wanted):
    other = target("Returning 1999", "Roster 11", (3, 311))
    assert target_called("11", [other, RETURNING]) is RETURNING
    assert target_called("Returning 1999", [other, RETURNING]) is other
    with pytest.raises(UnclearTarget, match=r"There is no "):
        target_called(wanted, [other])


def test_a_part_of_several_names_lists_these_alone():
    with pytest.raises(UnclearTarget) as unclear:
        target_called("short roster", TARGETS)
    first, *listed = str(unclear.value).splitlines()
    assert first.startswith("'short roster' may be any of these.")
    assert [name.strip() for name in listed] == [RETURNING.name, NEW.name]


@pytest.mark.parametrize(
    ("wanted", "near"), [("Shrot roster", "Short roster"), ("New K-5 2025", "New: K-5 2025-2026"), ("qqq", None)]
)
def test_a_name_that_nothing_has_is_answered_with_the_nearest_and_all(wanted, near):
    with pytest.raises(UnclearTarget) as unclear:
        target_called(wanted, TARGETS)
    first, *listed = str(unclear.value).splitlines()
    hint = f" (did you mean {near!r}?)" if near else ""
    assert first == f"There is no {wanted!r} to write to{hint}. There are:"
    assert [name.strip() for name in listed] == [each.name for each in TARGETS]


@pytest.mark.parametrize("wanted", [None, ""])
def test_missing_target_lists_the_choices_and_how_to_choose(wanted):
    with pytest.raises(UnclearTarget) as unclear:
        target_called(wanted, TARGETS)
    assert "--into" in str(unclear.value)
    assert "POWERSCHOOL_ENROLLMENT_IMPORT_INTO" in str(unclear.value)
    assert all(each.name in str(unclear.value) for each in TARGETS)


def test_missing_import_schemas_are_explained():
    with pytest.raises(UnclearTarget, match="PowerSchool sets them up"):
        target_called("x", [])


def test_submissions_are_not_a_target():
    schema = {"properties": {"stu_First": {}}}
    operations = [
        {"object_name": "a", "sync_mode": "append_dedup", "json_schema": schema, "matching_keys": [["stu_First"]]},
        {"object_name": "b", "sync_mode": "append", "json_schema": schema},
    ]
    assert targets_of(operations) == [Target("a", ["stu_First"], ["stu_First"])]


def test_the_best_target_has_a_field_for_most_columns():
    assert best_target(roster("stu_ExternalID", "stu_first", "Grade"), TARGETS) is RETURNING_FULL
    assert best_target(roster(*SHORT, "Shoe size"), TARGETS) is RETURNING


def test_column_goes_to_the_field_of_its_name_or_the_mapped_one():
    mapping = {"Born": "DateOfBirth", "Grade": "LastName"}
    assert fields_of(roster("externalid", "FirstName", "Born", "Locker", "Grade"), RETURNING, mapping, ["Locker"]) == {
        "externalid": "ExternalID",
        "FirstName": "FirstName",
        "Born": "DateOfBirth",
        "Grade": "LastName",
    }


def test_a_name_that_two_fields_share_but_for_capitals_is_neither():
    both = target("Form", "Roster", (1, 1), ("Phone", "PHONE", "Grade"))
    assert both.field_for("phone") is None
    assert both.field_for("PHONE") == "PHONE"


def test_columns_without_a_field_are_all_named_with_the_nearest_and_what_to_do():
    said = refusal("ExternalID", "First Name", "BirthDate", "Shoe size", "LastName", "Grade").splitlines()
    assert said == [
        f"my.csv does not fit {RETURNING.name!r}:",
        "The column 'First Name' has no field (did you mean 'FirstName'?).",
        "The column 'BirthDate' has no field (did you mean 'DateOfBirth'?).",
        "The column 'Shoe size' has no field.",
        "Fields that no column goes to: FirstName, DateOfBirth.",
        'Rename them in the first line of the file, or add such options (with make: OPTIONS="…"): ' + OPTIONS,
    ]
    *maps, _, ignored = shlex.split(OPTIONS)
    mapping = dict(each.split("=") for each in maps if "=" in each)
    assert (
        len(fields_of(roster("ExternalID", "First Name", "BirthDate", "Shoe size"), RETURNING, mapping, [ignored])) == 3
    )


def test_file_without_an_identifying_column_is_refused():
    said = refusal("FirstName", "LastName")
    assert "No column goes to ExternalID, which identifies a student: each import would create them again." in said


def test_no_identifying_column_is_required_if_any_field_may_identify():
    names = Target("Form", ("FirstName", "LastName"), ("FirstName", "LastName"))
    assert fields_of(roster("LastName"), names, {}, []) == {"LastName": "LastName"}


def test_two_columns_for_one_field_are_named():
    assert "The columns 'Grade' and 'grade' both go to the field 'Grade'" in refusal("Grade", "grade")
    assert "both go to the field 'Grade'" in refusal("Grade", "Level", mapping={"Level": "Grade"})


def test_a_mapping_of_what_is_not_there_is_named_with_the_nearest():
    said = refusal("Grade", "Born", mapping={"Bron": "Grade", "Born": "DateOfBrith"})
    assert "Unknown column 'Bron' for --map (did you mean 'Born'?)." in said
    assert "Unknown field 'DateOfBrith' for --map (did you mean 'DateOfBirth'?)." in said


def test_a_column_to_ignore_that_is_not_there_is_named_with_the_nearest():
    said = refusal("ExternalID", "Grade", "DateOfBirth", ignored=["BirthDate"])
    assert "Unknown column 'BirthDate' for --ignore (did you mean 'DateOfBirth'?)." in said


def test_a_column_that_is_both_mapped_and_ignored_is_named():
    said = refusal("ExternalID", "Born", mapping={"Born": "DateOfBirth"}, ignored=["Born"])
    assert "The column 'Born' is both mapped and ignored." in said


def test_a_file_of_which_less_than_half_fits_may_lack_a_header_and_none_of_it_is_shown():
    letters = target("Form", "Roster", (1, 1), ("ExternalID", "FirstName", "M"))
    first_line = ("Zyxwana", "Zyxwanasson", "M", "2015-03-04")
    said = refusal(*first_line, target=letters, mapping={"Zyxwan": "FirstName"}, ignored=["2015-03"])
    assert "The columns 1, 2, 4 have no field: is the first line the columns' names?" in said
    assert "map them: --map COLUMN=FIELD, or --ignore COLUMN" in said
    assert "Unknown column 'Zyxwan' for --map." in said
    assert "Unknown column '2015-03' for --ignore." in said
    assert "Fields that no column goes to: ExternalID, FirstName." in said
    assert "Zyxwana" not in said
    assert "2015-03-04" not in said


@pytest.mark.parametrize(
    ("column", "field"),
    [("地址", "姓名"), ("का", "कि"), ("Pere", "Père"), ("P_re", "Père"), ("#", "%"), ("__", "姓名")],
)
def test_names_that_differ_in_letters_beyond_ascii_or_have_no_letter_are_not_alike(column, field):
    assert target("Form", "Roster", (1, 1), (field,)).field_for(column) is None
    assert target("Form", "Roster", (1, 1), (field,)).field_for(field) == field


@pytest.mark.parametrize(
    ("column", "field"), [("date_of_birth", "Date of Birth"), ("e_mail", "E-Mail"), ("grade\xa0level", "Grade Level")]
)
def test_names_that_differ_in_capitals_and_blanks_are_alike(column, field):
    assert target("Form", "Roster", (1, 1), (field,)).field_for(column) == field


def test_missing_header_is_reported_without_showing_values():
    said = refusal("Zyxwana", "03/03/2017")
    assert "is its first line the columns' names?" in said
    assert "ExternalID, FirstName, LastName, DateOfBirth, Grade" in said
    assert "Zyxwana" not in said
    assert "2017" not in said


def test_catalog_contains_columns_target_and_key():
    (stream,) = RETURNING.catalog(["FirstName", "ExternalID"])["streams"]
    assert list(stream["stream"]["json_schema"]["properties"]) == ["FirstName", "ExternalID"]
    assert (stream["destination_object_name"], stream["primary_key"]) == (RETURNING.name, [["ExternalID"]])
    assert RETURNING.catalog(["FirstName"])["streams"][0]["primary_key"] == []
