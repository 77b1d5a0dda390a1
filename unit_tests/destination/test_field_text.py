from decimal import Decimal

import pytest

from destination_powerschool_enrollment.field_text import UnfitValue, is_date_field, text_of, trimmed


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
        (-0.0, "0"),
        (Decimal("-0.0"), "0"),
        (Decimal("0E+999"), "0"),
        ("-0.0", "-0.0"),
        ("2007-04-20", "2007-04-20"),
        ("2007-04-20T00:00:00", "2007-04-20T00:00:00"),
    ],
)
def test_value_becomes_text(value, text):
    assert text_of(value, "MM/DD/YYYY", is_date=False) == text


@pytest.mark.parametrize(
    "padded", ["2007-04-20", "2007-04-20T00:00:00", "2007-04-20 00:00:00.000", "2007-04-20T00:00:00Z"]
)
def test_midnight_is_removed_in_a_date_column(padded):
    assert text_of(padded, "MM/DD/YYYY", is_date=True) == "04/20/2007"
    assert text_of(padded, "YYYY-MM-DD", is_date=True) == "2007-04-20"


@pytest.mark.parametrize("text", ["2007-02-30", "born 2007-04-20", "2007-04-20T00:00:00+01:00", "20070420"])
def test_other_text_in_a_date_column_is_unchanged(text):
    assert text_of(text, "MM/DD/YYYY", is_date=True) == text


@pytest.mark.parametrize(
    ("name", "is_date"),
    [
        *[(name, True) for name in ("DOB", "stu_DateOfBirth", "Birth Date", "birth_date", "BirthDate", "ENROLL_DATE")],
        *[(name, False) for name in ("Candidate", "LastUpdate", "Mandates", "StudentID", "Comment", "")],
    ],
)
def test_date_field_is_recognised_by_a_word_of_its_name(name, is_date):
    assert is_date_field(name) is is_date


@pytest.mark.parametrize(
    "blank", [" ", "\t", "\xa0", "\u200b", "\ufeff", "\u2060", "\u00ad", "\u3164", "\u202e", "\x00"]
)
def test_invisible_characters_are_trimmed_at_both_ends_only(blank):
    assert trimmed(f"{blank}{blank}1{blank}2{blank}") == f"1{blank}2"
    assert trimmed(blank * 3) == ""


def test_other_time_in_a_date_column_is_unchanged():
    assert text_of("2007-04-20T16:30:00Z", "MM/DD/YYYY", is_date=True) == "2007-04-20T16:30:00Z"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([], "a list"),
        ({}, "an object"),
        (float("nan"), "not finite"),
        (float("-inf"), "not finite"),
        (Decimal("1e999"), "too long"),
        (Decimal("1e-999"), "too long"),
    ],
)
def test_unfit_value_is_reported_by_its_kind(value, kind):
    with pytest.raises(UnfitValue, match=kind):
        text_of(value, "MM/DD/YYYY", is_date=False)
