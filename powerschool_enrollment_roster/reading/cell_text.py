"""Converts a typed cell of a spreadsheet or a database to text."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
_PADDED = re.compile(r"[0-]*00[0-]*")


def cell_text(value: Any) -> str:
    """Return the text of a cell: dates in the ISO format, whole numbers without a decimal point, null as empty.

    Raises TypeError for a value that no text cell can hold, such as bytes.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return _moment(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, UUID | dt.timedelta):
        return str(value)
    raise TypeError(type(value).__name__)


def is_date(value: Any) -> bool:
    """Return whether the cell holds a date, with or without a time."""
    return isinstance(value, dt.date)


def is_exact(value: Any) -> bool:
    """Return whether the digits of a number are those that the user typed: not a fraction, and not rounded."""
    if isinstance(value, float):
        return value.is_integer() and abs(value) < _EXACT
    return True


def in_format(digits: str, number_format: str) -> str | None:
    """Return the digits as a spreadsheet displays them in a format of zeros, such as `00000` or `000-00`.

    Returns None for any other format.
    """
    plain = number_format.replace('"', "").replace("\\", "").split(";")[0]
    if not _PADDED.fullmatch(plain) or not digits.isdecimal():
        return None
    remaining = list(digits.zfill(plain.count("0")))
    shown = [remaining.pop() if sign == "0" else sign for sign in reversed(plain)]
    return "".join([*remaining, *reversed(shown)])


def _moment(value: dt.datetime) -> str:
    is_midnight = value.time() == dt.time()
    return value.date().isoformat() if is_midnight else value.isoformat(sep=" ")


def _number(value: float | Decimal) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    return str(value)
