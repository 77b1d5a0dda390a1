"""How one value is written: everything the service takes is text."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, Literal

DateFormat = Literal["MM/DD/YYYY", "YYYY-MM-DD"]

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?")
_MOST_DIGITS = 100  # nothing in a roster is longer, and 1e999999999 written out would fill the memory


class UnfitValue(Exception):
    """A value that no field accepts. The message names its kind, never the value."""


def text_of(value: Any, date_format: DateFormat, *, is_date: bool) -> str:
    """Return the value as text: dates in `date_format`, numbers as written (`1`, not `1.0`), booleans `true`, `false`.

    A text that is a whole ISO date is taken for a date; a midnight only where the column `is_date`, because
    that is how databases pad dates. Raises UnfitValue for an object, a list or a number that is not finite.
    """
    if isinstance(value, str):
        return _date_text(value, date_format, is_date=is_date)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _number_text(value)
    raise UnfitValue("a list" if isinstance(value, list) else "an object")


def is_date_column(schema: Any) -> bool:
    """Return whether a column's JSON schema declares a date or a time."""
    return isinstance(schema, dict) and schema.get("format") in {"date", "date-time"}


def _date_text(text: str, date_format: DateFormat, *, is_date: bool) -> str:
    if is_date and (padded := _MIDNIGHT.fullmatch(text)):
        text = padded[1]
    parts = _DATE.fullmatch(text)
    if parts is None or date_format == "YYYY-MM-DD" or not _exists(text):
        return text
    year, month, day = parts.groups()
    return f"{month}/{day}/{year}"


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _number_text(number: float | Decimal) -> str:
    exact = number if isinstance(number, Decimal) else Decimal(str(number)) if isinstance(number, float) else None
    if exact is None:
        return str(number)
    if not exact.is_finite():
        raise UnfitValue("a number that is not finite (NaN or infinite)")
    if abs(exact.adjusted()) > _MOST_DIGITS:
        raise UnfitValue("a number too long to be written out")
    written = format(exact, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
