"""Converts a value to the text that is sent: dates in the configured format, identifiers without invisible ends."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from destination_powerschool_enrollment.config import DateFormat

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?")
_MOST_DIGITS = 100  # no number in a roster is longer, and 1e999999999 written out would fill the memory
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_DATE_WORDS = frozenset({"date", "dates", "dob", "birthdate", "birthday", "dateofbirth"})
_INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters without a glyph


class UnfitValue(Exception):
    """No field accepts the value. The message contains its kind, never the value."""


def text_of(value: Any, date_format: DateFormat, *, is_date: bool) -> str:
    """Return the value as text: dates in `date_format`, numbers as written (`1`, not `1.0`), booleans `true`, `false`.

    With `is_date`, a text is a date if it is exactly an ISO date, or a time stamp at midnight, because databases store
    dates like that. Raises UnfitValue for an object, a list, or a number that is not finite.
    """
    if isinstance(value, str):
        return _date_text(value, date_format) if is_date else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return _number_text(value)
    raise UnfitValue("a list" if isinstance(value, list) else "an object")


def is_date_column(schema: Any) -> bool:
    """Return whether a column's JSON schema declares a date or a time."""
    return isinstance(schema, dict) and schema.get("format") in {"date", "date-time"}


def is_date_field(name: str) -> bool:
    """Return whether the name of a field contains a word for a date. An import schema lists names, but not types."""
    return any(word.lower() in _DATE_WORDS for word in _NAME_WORD.findall(name))


def trimmed(identifier: str) -> str:
    """Return the identifier without spaces and invisible characters at its ends, which would create another student."""
    start, end = 0, len(identifier)
    while start < end and _is_invisible(identifier[start]):
        start += 1
    while end > start and _is_invisible(identifier[end - 1]):
        end -= 1
    return identifier[start:end]


def _is_invisible(character: str) -> bool:
    """Return whether the character is a space, a control or a format character, such as U+00A0, U+200B or U+FEFF."""
    return character.isspace() or character in _INVISIBLE_LETTERS or unicodedata.category(character) in {"Cc", "Cf"}


def _date_text(text: str, date_format: DateFormat) -> str:
    if padded := _MIDNIGHT.fullmatch(text):
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
    if not exact:
        return "0"  # also for -0.0
    if abs(exact.adjusted()) > _MOST_DIGITS:
        raise UnfitValue("a number too long to be written out")
    written = format(exact, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
