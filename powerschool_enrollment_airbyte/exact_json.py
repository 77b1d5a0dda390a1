"""Reads and writes JSON without changing its numbers: a source may fail on a state with other digits.

Python changes `1e400` to `Infinity`, which is not JSON, and `0.10000000000000000001` to `0.1`. It rejects an integer of
5,000 digits.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

_MARK = secrets.token_hex(16)  # random, so no text of the input contains it
_MARKED = re.compile(rf'"{_MARK}([^"]*)"')


@dataclass(frozen=True)
class ExactNumber:
    """A number that Python would write with other digits than those it was read with."""

    digits: str


def loads_exactly(text: bytes) -> Any:
    """Return the parsed JSON. Raises ValueError for NaN and infinities."""
    return json.loads(text, parse_float=_float, parse_int=_integer, parse_constant=_refuse)


def dumps_exactly(value: Any) -> str:
    """Return the JSON of `value`, in ASCII."""
    text = json.dumps(value, default=_marked, allow_nan=False)
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def _float(digits: str) -> float | ExactNumber:
    number = float(digits)
    return number if repr(number) == digits else ExactNumber(digits)


def _integer(digits: str) -> int | ExactNumber:
    is_short = len(digits) < 1_000  # Python converts up to 4,300 digits, in quadratic time
    return int(digits) if is_short and digits != "-0" else ExactNumber(digits)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _marked(value: object) -> str:
    if not isinstance(value, ExactNumber):
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")
    return _MARK + value.digits
