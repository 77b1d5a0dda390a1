"""Types of fields: times are UTC, dates are never shifted, and no value of the service ends a sync."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source_powerschool_enrollment.record_types import iso_date, iso_date_of_us_date, retype, utc_time

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("2011-06-08T16:53:05", "2011-06-08T16:53:05Z"),
        ("2011-06-08T16:53:05Z", "2011-06-08T16:53:05Z"),
        ("2011-06-08T16:53:05.123", "2011-06-08T16:53:05.123000Z"),
        ("2011-06-08T16:53:05-05:00", "2011-06-08T21:53:05Z"),
        ("2011-06-08", "2011-06-08T00:00:00Z"),
    ],
)
def test_every_time_becomes_utc(sent, typed):
    assert utc_time(sent) == typed


@pytest.mark.parametrize("sent", ["2000-04-15T00:00:00", "2000-04-15", "2000-04-15T00:00:00-06:00"])
def test_a_date_of_birth_is_never_shifted(sent):
    assert iso_date(sent) == "2000-04-15"


def test_a_us_date_becomes_an_iso_date():
    assert iso_date_of_us_date("02/03/2015") == "2015-02-03"


@given(st.datetimes())
def test_every_naive_time_keeps_its_seconds(moment):
    text = moment.replace(microsecond=0).isoformat()
    assert utc_time(text) == f"{text}Z"


@given(ANY_JSON)
@example({"": None})  # on Python 3.12 and later a mapping takes a slice for a key
@example("9999-12-31T23:59:59-05:00")  # in UTC, a year that Python does not have
def test_any_value_of_a_date_field_becomes_text_or_null(value):
    for convert in (utc_time, iso_date, iso_date_of_us_date):
        record = {"field": value}
        unreadable = []
        retype(record, "field", convert, unreadable.append)
        assert record["field"] is None or isinstance(record["field"], str)
        assert not unreadable or record["field"] is None


@given(st.text(alphabet=string.ascii_letters, min_size=1))
def test_text_that_is_not_a_date_is_counted_by_field(text):
    record, unreadable = {"submitted": text + "!"}, []
    retype(record, "submitted", iso_date, unreadable.append)
    assert (record, unreadable) == ({"submitted": None}, ["submitted"])


@pytest.mark.parametrize("absent", [{}, {"submitted": None}, {"submitted": ""}])
def test_null_and_empty_are_null_and_not_counted(absent):
    unreadable = []
    retype(absent, "submitted", utc_time, unreadable.append)
    assert not absent.get("submitted")
    assert unreadable == []


@pytest.mark.parametrize(
    "value", ["2011-06-08 16:53:05 SMITH", "20000415", "Wed", "1.5", "2011-W23-3T16:53:05", "2011-06-08T16:53:05 EST"]
)
def test_times_that_are_not_iso_are_not_guessed(value, recwarn):
    for convert in (utc_time, iso_date):
        with pytest.raises(ValueError, match="ISO 8601"):
            convert(value)
    assert not recwarn.list  # a warning would hold the value
