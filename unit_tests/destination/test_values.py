from decimal import Decimal

import pytest

from destination_powerschool_enrollment.values import UnfitValue, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ann", "Ann"),
        ("", ""),
        ("007", "007"),
        (1, "1"),
        (1.0, "1"),
        (Decimal("1.0"), "1"),
        (Decimal("2.500000000"), "2.5"),
        (Decimal(100), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.10"), "-0.1"),
        (10**30, "1" + "0" * 30),
        (True, "true"),
        (False, "false"),
        ("2007-04-20", "04/20/2007"),
        ("2007-02-30", "2007-02-30"),
        ("2007-04-20T00:00:00", "2007-04-20T00:00:00"),
        ("born 2007-04-20", "born 2007-04-20"),
    ],
)
def test_a_value_is_written_as_text(value, text):
    assert text_of(value, "MM/DD/YYYY", is_date=False) == text


@pytest.mark.parametrize(
    "padded", ["2007-04-20", "2007-04-20T00:00:00", "2007-04-20 00:00:00.000", "2007-04-20T00:00:00Z"]
)
def test_a_date_column_loses_the_midnight_a_database_added(padded):
    assert text_of(padded, "MM/DD/YYYY", is_date=True) == "04/20/2007"
    assert text_of(padded, "YYYY-MM-DD", is_date=True) == "2007-04-20"


def test_a_time_in_a_date_column_stays_as_it_is():
    assert text_of("2007-04-20T16:30:00Z", "MM/DD/YYYY", is_date=True) == "2007-04-20T16:30:00Z"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "a list"),
        ({}, "an object"),
        (float("nan"), "not finite"),
        (float("-inf"), "not finite"),
        (Decimal("1e999"), "too long"),
        (Decimal("1e-999"), "too long"),
    ],
)
def test_what_no_field_takes_is_refused_without_its_value(value, said):
    with pytest.raises(UnfitValue, match=said):
        text_of(value, "MM/DD/YYYY", is_date=False)
