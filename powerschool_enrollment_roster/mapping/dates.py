"""Reads dates as people and programs write them: year first, US, day first, or with the name of the month."""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from typing import Literal

DateOrder = Literal["mdy", "dmy"]

_MIDNIGHT = r"(?:[ T](?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?AM))?"
_NUMBERS = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}){_MIDNIGHT}", re.IGNORECASE)
# Midnight in any time zone: the date is the one that is written.
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.]?)(\d{{2}})\2(\d{{2}}){_MIDNIGHT}(?:Z|[+-]\d\d(?::?\d\d)?)?")
_DAY_AND_NAME = re.compile(rf"(\d{{1,2}})[-. ]+([a-z]+)[-., ]+(\d{{4}}){_MIDNIGHT}", re.IGNORECASE)
_NAME_AND_DAY = re.compile(rf"([a-z]+)[-. ]+(\d{{1,2}})[-, ]+(\d{{4}}){_MIDNIGHT}", re.IGNORECASE)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


class DateKind(Enum):
    """How a text can be read as a date.

    `2012-03-04`, `4-Mar-2012` and `03/03/2012` are certain. `03/04/2012` is ambiguous: March or April. `13/04/2012` has
    the day first.
    """

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"
    NOT_A_DATE = "not a date"


def kind_of(text: str) -> DateKind:
    """Return how the text can be read as a date."""
    text = text.strip()
    if certain := _certain(text):
        return DateKind.CERTAIN if _date(*certain) else DateKind.NOT_A_DATE
    parts = _NUMBERS.fullmatch(text)
    if parts is None:
        return DateKind.NOT_A_DATE
    first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
    is_month_first, is_day_first = _date(year, first, second), _date(year, second, first)
    if is_month_first and is_day_first:
        return DateKind.CERTAIN if first == second else DateKind.AMBIGUOUS
    if is_month_first:
        return DateKind.MONTH_FIRST
    return DateKind.DAY_FIRST if is_day_first else DateKind.NOT_A_DATE


def iso_date(text: str, order: DateOrder) -> str:
    """Return a date in the ISO format, which the destination converts to the service's; any other text unchanged."""
    if certain := _certain(text.strip()):
        known = _date(*certain)
        return known.isoformat() if known else text
    parts = _NUMBERS.fullmatch(text.strip())
    if parts is None:
        return text
    first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
    found = _date(year, second, first) if order == "dmy" else _date(year, first, second)
    return found.isoformat() if found else text


def _certain(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day of a text that shows their order; it may be a date that does not exist."""
    if year_first := _YEAR_FIRST.fullmatch(text):
        return int(year_first[1]), int(year_first[3]), int(year_first[4])
    if day_first := _DAY_AND_NAME.fullmatch(text):
        return int(day_first[3]), _month(day_first[2]), int(day_first[1])
    if name_first := _NAME_AND_DAY.fullmatch(text):
        return int(name_first[3]), _month(name_first[1]), int(name_first[2])
    return None


def _month(name: str) -> int:
    """Return the number of a month, from three or more first letters of its English name; 0 for another word."""
    found = (number for number, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower()))
    return next(found, 0) if len(name) > 2 else 0


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
