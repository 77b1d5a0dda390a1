"""Parses JSON bodies. An odd value does not affect other values, and the result can be written as JSON again.

| The body contains | The parsed JSON contains |
|---|---|
| an integer beyond 64 bits, or a decimal that a double cannot hold | a text of its digits |
| containers more than 254 levels deep | their JSON as a text, from that level on |
| U+0000 in a text | the text without it |
| a lone surrogate (half of a pair), a byte that is not UTF-8 | U+FFFD |
| a raw control character in a text | the same character |
| NaN, Infinity | null |

Everything in this table is counted in `Repairs`. An ordinary body is parsed by orjson alone.
"""

from __future__ import annotations

import codecs
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
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]")  # what the error handler surrogateescape makes of unreadable bytes
_CONTROL_CHARACTERS = re.compile("[\x01-\x1f]")
_TEXTS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ACCEPTED_CODECS = re.compile(r"iso8859-[0-9]{1,2}|cp125[0-8]|utf-(16|32)(-le|-be)?")  # by their names in Python
_CLOSING_OF = {"{": "}", "[": "]", '"': '"'}

DEEPEST = 254  # the levels that orjson can write; it reads 1,024
_OPENING, _CLOSING = b"[" * (1024 - DEEPEST), b"]" * (1024 - DEEPEST)
_SMALL = 256 * 1024  # bytes

# A number of 18 digits or less fits into 64 bits; orjson may round a longer one silently.
_LONG = 19
_LONG_NUMBER = re.compile(rf"[0-9]{{{_LONG}}}")
# The outline of a body has `0` for each digit, `:` for each byte that may precede a number, and `x` for all others.
_DIGITS, _BEFORE_A_NUMBER = b"0123456789", b":,[.- \t\r\n"
_OUTLINE = bytes(
    ord("0") if code in _DIGITS else ord(":") if code in _BEFORE_A_NUMBER else ord("x") for code in range(256)
)
_STEP = 4
_SAMPLE_OF_A_LONG_NUMBER = b"0" * (_LONG // _STEP)
_OUTLINE_OF_A_LONG_NUMBER = b":" + b"0" * _LONG

NUMBERS = "numbers beyond 64 bits, kept as text"
NESTED = "values nested more than 254 levels deep, kept as text"
NULS = "U+0000 characters, removed"
REPLACED = "unreadable characters, replaced by U+FFFD"
CONTROLS = "raw control characters, kept"
NOT_NUMBERS = "values NaN or Infinity, now null"


@dataclass(frozen=True)
class Repairs:
    """How many odd values of each kind an answer had, and how they were repaired. It contains no value of a record."""

    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        """Return whether anything was repaired."""
        return bool(self.counts)

    def __str__(self) -> str:
        """Return the counts as text: `2 U+0000 characters, removed; 1 …`."""
        return "; ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))


class InvalidJson(ValueError):
    """The body is not JSON. The message contains no part of the body.

    `offset` is the byte at which parsing failed, None if the body is nested beyond what Python can parse.
    `is_cut`: the body ends before its JSON does, so most likely the rest was lost on the way.
    """

    def __init__(self, offset: int | None, *, is_cut: bool) -> None:
        super().__init__("the body is not JSON.")
        self.offset = offset
        self.is_cut = is_cut


def parse_json(body: bytes, charset: str | None = None) -> tuple[Any, Repairs]:
    """Return the parsed body, with or without a byte order mark, and what was repaired in it.

    `charset` is the one that the service named; it is used for a body that is not UTF-8. Raises InvalidJson.
    """
    if _is_cut_body(body):
        raise InvalidJson(None, is_cut=True)
    try:
        return _exact_json(body.removeprefix(_BYTE_ORDER_MARK)), Repairs()
    except (ValueError, orjson.JSONEncodeError):
        return _LenientParser().parse(body, _encoding_of(body, charset))


def _exact_json(body: bytes) -> Any:
    """Parse a body with orjson alone.

    Raises ValueError or JSONEncodeError if orjson may round a number or cannot write the value again, or if a text may
    contain U+0000. If orjson writes the value as exactly the same bytes, as for most bodies, no number was rounded. In
    a large body, searching for long numbers is faster than writing.
    """
    if len(body) <= _SMALL:
        value = orjson.loads(body)
        is_exact = orjson.dumps(value) == body or not _may_hold_long_number(body)
    else:
        value = _shallow_json(body)
        is_exact = not _may_hold_long_number(body)
    if is_exact and not _may_hold_nul(body):
        return value
    raise ValueError


def _shallow_json(body: bytes) -> Any:
    """Parse a body, and raise ValueError if orjson could not write the value again.

    orjson reads more levels than it writes. The brackets around the body use up the difference, so orjson refuses a
    body that is nested too deeply. A body that is not JSON by itself, such as `1],[2`, makes a list of two elements.
    """
    value = orjson.loads(b"%b%b%b" % (_OPENING, body, _CLOSING))
    for _ in _OPENING:
        (value,) = value
    return value


def _may_hold_nul(body: bytes) -> bool:
    return b"\\" in body and b"\\u0000" in body


def _may_hold_long_number(body: bytes) -> bool:
    """Return whether there may be a number with 19 digits in a row. Digits inside a text may look like one.

    Every fourth byte is checked first: 19 digits in a row contain four of them. Checking every byte takes three times
    as long.
    """
    if _SAMPLE_OF_A_LONG_NUMBER not in body[::_STEP].translate(_OUTLINE):
        return False
    return _OUTLINE_OF_A_LONG_NUMBER in (b":" + body).translate(_OUTLINE)


class _LenientParser:
    """Parses one body with Python's own parser, about ten times slower than orjson, and repairs odd values."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def parse(self, body: bytes, encoding: str) -> tuple[Any, Repairs]:
        text = _decoded(body, encoding)
        try:
            value = self._repaired(self._parsed(text), 1)
        except json.JSONDecodeError as error:
            offset = len(text[: error.pos].encode(encoding, "surrogateescape"))
            raise InvalidJson(offset, is_cut=_is_cut(text, error)) from None
        except RecursionError:
            raise InvalidJson(None, is_cut=_ends_early(text)) from None
        return value, Repairs(MappingProxyType(dict(self._counts)))

    def _parsed(self, text: str) -> Any:
        decoder = json.JSONDecoder(
            parse_int=self._integer, parse_float=self._decimal, parse_constant=self._not_a_number, strict=False
        )
        value = decoder.decode(self._replaced(_ESCAPED_BYTES, text))
        if controls := sum(len(_CONTROL_CHARACTERS.findall(token)) for token in _TEXTS.findall(text)):
            self._counts[CONTROLS] += controls
        return value

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
        return text if text.isascii() else self._replaced(_HALF_SURROGATES, text)

    def _replaced(self, unreadable: re.Pattern[str], text: str) -> str:
        text, number = unreadable.subn(_REPLACEMENT, text)
        if number:
            self._counts[REPLACED] += number
        return text


def _encoding_of(body: bytes, charset: str | None) -> str:
    """Return the encoding of the body: the charset that the service named counts only if the body is not UTF-8."""
    encoding = json.detect_encoding(body)
    codec = _accepted_codec(charset) if charset and encoding == "utf-8" else None
    if codec is None:
        return encoding
    try:
        body.decode()
    except UnicodeDecodeError:
        return codec
    return encoding


def _accepted_codec(charset: str) -> str | None:
    """Return Python's name of the charset, which may be an alias such as `latin1`; None if services do not use it."""
    try:
        codec = codecs.lookup(charset).name
    except LookupError:  # for example ISO-8859-12, which does not exist
        return None
    return codec if _ACCEPTED_CODECS.fullmatch(codec) else None


def _decoded(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, "surrogateescape")
    except UnicodeDecodeError as error:  # half a character of UTF-16
        raise InvalidJson(error.start, is_cut=False) from None


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    is_unterminated = error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip())
    return is_unterminated or _ends_early(text)


def _is_cut_body(body: bytes) -> bool:
    """Return whether an object or a list is not closed. Parsing a body to find that out takes several copies of it.

    In UTF-16 and UTF-32 the last byte may be zero: then it proves nothing.
    """
    stripped = body.strip()
    closing = {b"{": b"}", b"[": b"]"}.get(stripped[:1])
    return closing is not None and stripped[-1:] not in {closing, b"\0"}


def _ends_early(text: str) -> bool:
    stripped = text.strip()
    return stripped[-1:] != _CLOSING_OF.get(stripped[:1], stripped[-1:])
