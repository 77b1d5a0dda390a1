"""Reads dates as people write them: ISO, US, or day first, with or without a midnight."""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from typing import Literal

DateOrder = Literal["mdy", "dmy"]

_MIDNIGHT = r"(?:[ T](?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?AM))?"
_NUMBERS = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}){_MIDNIGHT}", re.IGNORECASE)
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}}){_MIDNIGHT}(?:Z|[+-]00:?00)?")


class DateKind(Enum):
    """How a text can be read as a date.

    `2012-03-04` and `03/03/2012` are certain, `03/04/2012` may be both March and April, `13/04/2012` is April only.
    """

    CERTAIN = "certain"
    BOTH = "both"
    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"
    NOT_A_DATE = "not a date"


def kind_of(text: str) -> DateKind:
    """Return how the text can be read as a date."""
    text = text.strip()
    if iso := _ISO.fullmatch(text):
        return DateKind.CERTAIN if _date(*map(int, iso.groups())) else DateKind.NOT_A_DATE
    parts = _NUMBERS.fullmatch(text)
    if parts is None:
        return DateKind.NOT_A_DATE
    first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
    is_month_first, is_day_first = _date(year, first, second), _date(year, second, first)
    if is_month_first and is_day_first:
        return DateKind.CERTAIN if first == second else DateKind.BOTH
    if is_month_first:
        return DateKind.MONTH_FIRST
    return DateKind.DAY_FIRST if is_day_first else DateKind.NOT_A_DATE


def iso_date(text: str, order: DateOrder) -> str:
    """Return a date in the ISO format, which the destination converts to the service's; any other text unchanged."""
    if iso := _ISO.fullmatch(text.strip()):
        return "-".join(iso.groups()) if _date(*map(int, iso.groups())) else text
    parts = _NUMBERS.fullmatch(text.strip())
    if parts is None:
        return text
    first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
    found = _date(year, second, first) if order == "dmy" else _date(year, first, second)
    return found.isoformat() if found else text


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
