from decimal import Decimal

import pytest

from destination_powerschool_enrollment.catalog import ConfiguredStream
from destination_powerschool_enrollment.columns import FieldFinder
from destination_powerschool_enrollment.config import Config, ImportSchemaTarget, SubmissionTarget
from destination_powerschool_enrollment.mapping import Route, RowMapper, UnfitRow

FIELDS = ("StudentID", "First Name", "DOB")
TARGET = ImportSchemaTarget(type="import_schema", published_action_id=1, import_schema_id=10)


def mapper(key_field=None, primary_key=(), columns=None, mapping=None, ignores_unmapped=False, **options):
    stream = ConfiguredStream("students", columns=columns or {}, primary_key=primary_key)
    finder = FieldFinder(mapping or {}, FIELDS)
    route = Route(stream, TARGET, finder, frozenset(FIELDS), key_field, ignores_unmapped)
    return RowMapper(route, Config(api_key="k", **options))


def test_values_are_mapped_to_fields_as_text():
    row = {"StudentID": 1, "first_name": "Ann", "DOB": "2007-04-20"}
    assert mapper().map(row).fields == {"StudentID": "1", "First Name": "Ann", "DOB": "04/20/2007"}


def test_date_column_is_recognised_by_its_schema_under_a_cache_name():
    mapped = mapper(columns={"Dob": {"format": "date-time"}}).map({"dob": "2007-04-20T00:00:00"})
    assert mapped.fields == {"DOB": "04/20/2007"}


def test_null_is_omitted():
    assert mapper().map({"StudentID": "1", "DOB": None}).fields == {"StudentID": "1"}


def test_null_clears_the_field_if_configured():
    assert mapper(null_values="empty").map({"DOB": None}).fields == {"DOB": ""}


@pytest.mark.parametrize("column", ["_airbyte_raw_id", "_AIRBYTE_RAW_ID", "_ab_cdc_lsn", "_ab_source_file_url"])
def test_columns_of_airbyte_are_dropped(column):
    assert mapper().map({"StudentID": "1", column: "x"}).fields == {"StudentID": "1"}


def test_unmapped_column_is_rejected_by_name():
    for _ in range(2):
        with pytest.raises(UnfitRow, match="'Extra' has no field"):
            mapper().map({"Extra": "secret"})


@pytest.mark.parametrize("column", ["null", ""])
def test_unnamed_column_is_reported_with_its_likely_cause(column):
    with pytest.raises(UnfitRow, match=rf"The column '{column}' has no field\. A row with more cells than its header"):
        mapper().map({column: ["secret"]})


def test_unmapped_column_is_ignored_if_configured():
    assert mapper(ignores_unmapped=True).map({"Extra": [1], "DOB": "x"}).fields == {"DOB": "x"}


def test_two_columns_with_the_same_field_are_rejected():
    with pytest.raises(UnfitRow, match="Two columns go to the field 'StudentID'"):
        mapper().map({"StudentID": "1", "studentid": "2"})


def test_key_ignores_case_and_surrounding_spaces():
    keys = {mapper("StudentID").map({"studentid": text}).key for text in ("ab1", " AB1 ")}
    assert keys == {("ab1",)}


@pytest.mark.parametrize("settings", [{"key_field": "StudentID"}, {"primary_key": ("studentid",)}])
@pytest.mark.parametrize("row", [{}, {"StudentID": None}, {"StudentID": " "}])
def test_row_without_its_key_is_rejected(settings, row):
    with pytest.raises(UnfitRow, match="key field 'StudentID' is missing or empty"):
        mapper(**settings).map(row)


def test_submission_without_its_primary_key_is_sent():
    target = SubmissionTarget(type="submission", published_action_id=1)
    route = Route(ConfiguredStream("answers", primary_key=("id",)), target, FieldFinder({}, None), frozenset())
    assert RowMapper(route, Config(api_key="k")).map({"id": None, "DOB": "x"}).key == ("",)


@pytest.mark.parametrize("settings", [{"key_field": "StudentID"}, {"primary_key": ("StudentID",)}])
def test_number_has_the_same_key_with_and_without_a_decimal_point(settings):
    keys = {mapper(**settings).map({"StudentID": number}).key for number in ("7120", 7120, Decimal("7120.0"), 7120.0)}
    assert keys == {("7120",)}


def test_primary_key_is_the_key_even_if_it_is_not_sent():
    mapped = mapper(primary_key=("Row Id", "DOB"), ignores_unmapped=True).map({"row_id": 7, "DOB": "x"})
    assert mapped.key == ("7", "x")


def test_rows_without_a_key_share_an_empty_key():
    assert mapper().map({"StudentID": "1"}).key == mapper().map({"StudentID": "2"}).key == ()


def test_iso_text_is_a_date_only_in_date_fields_and_date_columns():
    columns = {"StudentID": {}, "First Name": {"type": "string"}, "DOB": {"type": "string"}}
    row = dict.fromkeys(columns, "2007-04-20")
    assert mapper(columns=columns).map(row).fields == {**row, "DOB": "04/20/2007"}
    columns["First Name"] = {"format": "date"}
    assert mapper(columns=columns).map(row).fields == {**row, "First Name": "04/20/2007", "DOB": "04/20/2007"}


@pytest.mark.parametrize("settings", [{"key_field": "DOB"}, {"primary_key": ("DOB",)}])
def test_key_is_never_rewritten_as_a_date(settings):
    mapped = mapper(columns={"DOB": {"format": "date"}}, **settings).map({"DOB": "2007-04-20"})
    assert mapped.fields == {"DOB": "2007-04-20"}


@pytest.mark.parametrize("settings", [{"key_field": "StudentID"}, {"primary_key": ("StudentID",)}])
def test_identifier_is_sent_without_surrounding_invisible_characters(settings):
    mapped = mapper(**settings).map({"StudentID": "\ufeff\u200b 0 07\xa0\u2060\t", "First Name": " Ann "})
    assert mapped.fields == {"StudentID": "0 07", "First Name": " Ann "}
    assert mapped.key == ("0 07",)


def test_invisible_identifier_is_missing():
    with pytest.raises(UnfitRow, match="key field 'StudentID' is missing or empty"):
        mapper("StudentID").map({"StudentID": "\u200b\xa0"})
