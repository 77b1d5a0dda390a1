"""Parses JSON bodies so that one odd value costs that value at most, and the result can be written as JSON again.

| The body holds | The parsed JSON holds |
|---|---|
| an integer beyond 64 bits, or a decimal that a double cannot hold | a text of its digits |
| containers more than 250 levels deep | their JSON as a text, from that level on |
| U+0000 in a text | the text without it |
| half of a surrogate pair | U+FFFD |
| NaN, Infinity | null |

Everything in this table is counted in `Repairs`. An ordinary body is parsed by orjson alone.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HALF_SURROGATES = re.compile("[\ud800-\udfff]")

# orjson reads 1,024 levels and writes 254. A record is written inside an Airbyte message, so a few are spared.
DEEPEST = 250
_OPENING, _CLOSING = b"[" * (1024 - DEEPEST), b"]" * (1024 - DEEPEST)

# A number of 18 digits or less fits into 64 bits; orjson rounds a longer one without a word.
_LONG = 19
_LONG_NUMBER = re.compile(rf"[0-9]{{{_LONG}}}")
_DIGITS, _BEFORE_A_NUMBER = b"0123456789", b":,[.- \t\r\n"
_OUTLINE = bytes(
    ord("0") if code in _DIGITS else ord(":") if code in _BEFORE_A_NUMBER else ord("x") for code in range(256)
)
_STEP = 4
_SAMPLE_OF_A_LONG_NUMBER = b"0" * (_LONG // _STEP)
_OUTLINE_OF_A_LONG_NUMBER = b":" + b"0" * _LONG

NUMBERS = "numbers beyond 64 bits, kept as text"
NESTED = "values nested more than 250 levels deep, kept as text"
NULS = "U+0000 characters, removed"
REPLACED = "unreadable characters, replaced by U+FFFD"
NOT_NUMBERS = "values NaN or Infinity, now null"


@dataclass(frozen=True)
class Repairs:
    """How many odd values of each kind an answer held, and what became of them. It holds no value of a record."""

    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        """Return whether anything was repaired."""
        return bool(self.counts)

    def __str__(self) -> str:
        """Return the counts as text: `2 U+0000 characters, removed; 1 …`."""
        return "; ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))


def parse_json(body: bytes) -> tuple[Any, Repairs]:
    """Return the parsed body, with or without a byte order mark, and what was repaired in it.

    Raises ValueError if it is not JSON, RecursionError if it is nested beyond what Python can parse.
    """
    if not _may_hold_nul(body) and not _may_hold_long_number(body):
        try:
            return _plain_json(body.removeprefix(_BYTE_ORDER_MARK)), Repairs()
        except ValueError:
            pass
    return _LenientParser().parse(body)


def _plain_json(body: bytes) -> Any:
    """Parse what orjson can read and write again. Raises ValueError for everything else.

    The brackets around the body let orjson refuse a body that is nested too deeply to be written again. A body that
    is not JSON by itself, such as `1],[2`, makes a list of another length than 1.
    """
    if len(body) <= 2 * DEEPEST:
        return orjson.loads(body)
    value = orjson.loads(b"%b%b%b" % (_OPENING, body, _CLOSING))
    for _ in _OPENING:
        (value,) = value
    return value


def _may_hold_nul(body: bytes) -> bool:
    return b"\\" in body and b"\\u0000" in body


def _may_hold_long_number(body: bytes) -> bool:
    """Return whether there may be a number with 19 digits in a row; in the middle of a text they may look like one.

    Every fourth byte is looked at first, four of which are in 19 in a row: looking at all takes thrice the time.
    """
    if _SAMPLE_OF_A_LONG_NUMBER not in body[::_STEP].translate(_OUTLINE):
        return False
    return _OUTLINE_OF_A_LONG_NUMBER in (b":" + body).translate(_OUTLINE)


class _LenientParser:
    """Parses one body with Python's own parser, about ten times slower than orjson, and repairs odd values."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def parse(self, body: bytes) -> tuple[Any, Repairs]:
        value = json.loads(body, parse_int=self._integer, parse_float=self._decimal, parse_constant=self._not_a_number)
        return self._repaired(value, 1), Repairs(MappingProxyType(dict(self._counts)))

    def _integer(self, digits: str) -> int | str:
        if len(digits) < _LONG:
            return int(digits)
        if len(digits) <= _LONG + 1 and -(2**63) <= int(digits) < 2**64:
            return int(digits)
        return self._kept(digits, NUMBERS)

    def _decimal(self, text: str) -> float | str:
        number = float(text)
        if math.isfinite(number) and (not _LONG_NUMBER.search(text) or Decimal(text) == Decimal(repr(number))):
            return number
        return self._kept(text, NUMBERS)

    def _not_a_number(self, _: str) -> None:
        self._counts[NOT_NUMBERS] += 1

    def _kept(self, text: str, kind: str) -> str:
        self._counts[kind] += 1
        return text

    def _repaired(self, value: Any, level: int) -> Any:
        if isinstance(value, str):
            return self._repaired_text(value)
        if not isinstance(value, (dict, list)):
            return value
        if level > DEEPEST:
            return self._kept(self._repaired_text(json.dumps(value, ensure_ascii=False)), NESTED)
        if isinstance(value, list):
            return [self._repaired(item, level + 1) for item in value]
        return {self._repaired_text(key): self._repaired(item, level + 1) for key, item in value.items()}

    def _repaired_text(self, text: str) -> str:
        if nuls := text.count("\0"):
            self._counts[NULS] += nuls
            text = text.replace("\0", "")
        if text.isascii():
            return text
        text, halves = _HALF_SURROGATES.subn(_REPLACEMENT, text)
        if halves:
            self._counts[REPLACED] += halves
        return text
