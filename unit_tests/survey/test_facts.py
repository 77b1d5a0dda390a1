"""How a survey's report shows values and numbers: as format classes, percentages and powers of ten."""

import pytest

from powerschool_enrollment_survey.facts import _number, _percent, _power_of_ten
from powerschool_enrollment_survey.fields import UNPRINTABLE_NAME, format_of, printable_name, profile_of
from powerschool_enrollment_survey.paging import Envelope, envelope_of

SCHEMA = {
    "properties": {
        "id": {"type": "integer"},
        "added_by_the_connector": {"type": "string"},
        "items": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}},
        "dataItems": {"type": "object"},
    }
}


@pytest.mark.parametrize(
    ("text", "format_class"),
    [
        ("2015-04-20", "date"),
        ("2015-04-20T00:00:00", "naive time"),
        ("2011-10-13T16:50:53Z", "time with zone"),
        ("2011-10-13T16:50:53.123+01:00", "time with zone"),
        ("02/03/2015", "US date"),
        ("00123", "digits"),
        ("11fdbe9d-801a-4b8e-bc12-a2d8f7ac8cdc", "UUID"),
        ("\u0661\u0662", "free text"),
        ("2015-04-20 is her birthday", "free text"),
        ("1" * 61, "free text"),
    ],
)
def test_text_has_its_format_class(text, format_class):
    assert format_of(text) == format_class


@pytest.mark.parametrize("name", ["", "«Ada»", "a" * 61, "a|b", "a`b", "Ada\n", "1"])
def test_text_that_does_not_look_like_a_field_name_is_not_shown(name):
    assert printable_name(name) == UNPRINTABLE_NAME


def test_profile_distinguishes_expected_missing_and_new_fields():
    records = [
        {"ID": 1, "items": [{"name": ""}, {"name": None}, None], "dataItems": {"a": "1", "b": None}},
        {"items": []},
    ]
    profile = profile_of(records, SCHEMA)
    assert profile.missing == ["id"]
    assert profile.spelt_otherwise == ["id"]
    assert list(profile.new) == ["ID"]
    names = profile.expected["items[].name"]
    assert (names.objects, names.nulls, names.empties) == (2, 1, 1)
    assert {name: seen.present for name, seen in profile.groups["dataItems"].items()} == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (1, "at most 10"), (10, "at most 10"), (2000, "at most 10,000")]
)
def test_record_counts_are_powers_of_ten(number, shown):
    assert _power_of_ten(number) == shown


@pytest.mark.parametrize(
    ("number", "total", "percent"), [(0, 0, 0), (0, 9, 0), (9, 9, 100), (1, 9999, 1), (9998, 9999, 99), (1, 3, 33)]
)
def test_percentage_is_0_and_100_only_for_none_and_all(number, total, percent):
    assert _percent(number, total) == percent


@pytest.mark.parametrize(("text", "shown"), [("60", "60"), ("123456", "another value"), ("Ada", "another value")])
def test_only_short_numbers_of_a_header_are_shown(text, shown):
    assert _number(text) == shown


@pytest.mark.parametrize(
    ("payload", "envelope"),
    [
        ({"metaData": {}, "records": []}, Envelope("object", "metaData")),
        ([{"metadata": {}, "records": []}], Envelope("list of one", "metadata")),
        ({"METADATA": {}, "Records": [], "x": 1}, Envelope("object", "another spelling", 1)),
        ([], Envelope("empty list", "none")),
        ([{}, {}], Envelope("longer list", "none")),
        ([[]], Envelope("list of one", "none")),
        ("Ada", Envelope("another shape", "none")),
        (None, Envelope("another shape", "none")),
    ],
)
def test_envelope_of_a_page_is_recognised(payload, envelope):
    assert envelope_of(payload) == envelope
