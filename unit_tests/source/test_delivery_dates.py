"""Which dates of batches are plausible, and arithmetic at the ends of the calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_powerschool_enrollment.deliveries.dates import days_before, plausible_date

TODAY = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-31T12:00:00Z", date(2026, 8, 31)),
        ("2026-08-31T23:00:00-05:00", date(2026, 9, 1)),
        ("2000-01-01T00:00:00", date(2000, 1, 1)),
        ("2026-09-02T23:59:59", date(2026, 9, 2)),
    ],
)
def test_plausible_date_is_that_day_in_utc(text, expected):
    assert plausible_date(text, TODAY) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+05:00",
        "1999-12-31T23:59:59",
        "2026-09-03T00:00:00",
        "2099-01-01T00:00:00",
        "9999-12-31T23:59:59-05:00",
        "2026-02-30T00:00:00",
    ],
)
def test_implausible_date_is_none(text):
    assert plausible_date(text, TODAY) is None


@given(st.text() | st.datetimes().map(str))
def test_any_text_has_a_plausible_date_or_none(text):
    day = plausible_date(text, TODAY)
    assert day is None or date(2000, 1, 1) <= day <= TODAY + timedelta(days=1)


@given(st.dates(), st.integers(0, 5))
def test_days_before_never_leaves_the_calendar(day, days):
    assert date.min <= days_before(day, timedelta(days=days)) <= day
