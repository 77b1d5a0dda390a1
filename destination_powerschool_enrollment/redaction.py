"""Redacts the service's reason for a rejected row by an allow-list, so that a log or a trace shows no value of a row.

The allow-list contains the words of validation messages (`reason_words.txt`) and the field names of the import schema.
Removing only the row's values would not be enough: the service may quote them without accents, cut, or as the name of a
month.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

ELLIPSIS = "…"

_READ = 2_000  # characters; the rest of a reason is dropped before redaction, which bounds its time
_SHOWN = 300  # characters of a redacted reason: a person reads it in one line
_SEPARATORS = r"\s.,:;!?()\[\]{}<>\"'/\\|=+*#&%_…-"
_QUOTED = r"\"[^\"]*\"|“[^“”]*”|(?<!\w)'[^']*'(?!\w)|\u2018[^\u2018\u2019]*\u2019(?!\w)|«[^«»]*»|`[^`]*`"
_QUOTES = "\"“”'\u2018\u2019«»`"
_WORD = rf"[^{_SEPARATORS}]+(?:'[^{_SEPARATORS}]+)*"
_ELLIPSES = re.compile(rf"{ELLIPSIS}(?:[\s.,:/'\"+_-]*{ELLIPSIS})+")
_VALUE_WORD = re.compile(r"[^\W_]+")


def _vocabulary() -> frozenset[str]:
    lines = Path(__file__).with_name("reason_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


VOCABULARY = _vocabulary()
# Without these, a reason would state the opposite: "is … a valid date". They are shown even if a cell contains them.
_NEGATIONS = frozenset({"cannot", "not"})


@dataclass(frozen=True)
class RedactedReason:
    """A reason that may be shown, and a template to compare reasons of different rows.

    `template` contains words of the vocabulary even if they are values of the row, so it is never shown.
    """

    text: str
    template: str = field(repr=False)


def redact(reason: str, values: Iterable[str], field_names: Iterable[str]) -> RedactedReason:
    """Return `reason` with an ellipsis in place of everything that is not in the allow-list.

    A word or a field name that is also a value of the row, or a part of one, becomes an ellipsis, too. Negations do
    not: without them, the reason would state the opposite.
    """
    pattern = _pattern_of(frozenset(field_names))
    cut = _without_cut_word(reason)
    return RedactedReason(_shown(cut, pattern, _ValueWords(values)), _shown(cut, pattern, _ValueWords(())))


class _ValueWords:
    """The words of a row's values, without accents and differences of case."""

    def __init__(self, values: Iterable[str]) -> None:
        self._text = "\n".join(map(_folded, values))
        self._values = frozenset(self._text.split("\n"))
        self._words = frozenset(_VALUE_WORD.findall(self._text))
        # A word of three letters inside another word is rarely a part of a value: `the` in `Matthew`.
        self._ends = frozenset(end for word in self._words for end in (word[:3], word[-3:]))

    def has_value(self, text: str) -> bool:
        """Return whether the text is a complete value."""
        return text in self._values

    def has_word(self, word: str) -> bool:
        """Return whether the word is a word of a value, or has at least three letters and is a part of one."""
        is_part = word in self._text if len(word) > 3 else len(word) == 3 and word in self._ends
        return is_part or word in self._words or word.removesuffix("s") in self._words


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _without_cut_word(reason: str) -> str:
    """Return the beginning of the reason. A cut word at its end is removed: it may look like another, allowed word."""
    if len(reason) <= _READ:
        return reason
    last_space = reason.rfind(" ", 0, _READ)
    return reason[: last_space + 1] + ELLIPSIS


@lru_cache(maxsize=64)
def _pattern_of(field_names: frozenset[str]) -> re.Pattern[str]:
    """Return a pattern of a reason's parts: quotations, field names and words. A match takes linear time."""
    names = "|".join(re.escape(name) for name in sorted(filter(None, field_names), key=len, reverse=True))
    whole = rf"(?<![^{_SEPARATORS}])(?:{names})(?![^{_SEPARATORS}])" if names else "(?!)"
    quoted_field = rf"[{_QUOTES}](?:{names})[{_QUOTES}]" if names else "(?!)"
    return re.compile(rf"(?P<field>{quoted_field}|{whole})|(?P<quoted>{_QUOTED})|{_WORD}", re.IGNORECASE)


def _shown(reason: str, pattern: re.Pattern[str], row: _ValueWords) -> str:
    def part(found: re.Match[str]) -> str:
        text = found[0]
        if found["quoted"]:
            return ELLIPSIS
        is_shown = not row.has_value(_folded(text.strip(_QUOTES))) if found["field"] else _is_shown(text, row)
        return text if is_shown else ELLIPSIS

    text = " ".join(_ELLIPSES.sub(ELLIPSIS, pattern.sub(part, reason)).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN].rpartition(" ")[0] + ELLIPSIS


def _is_shown(word: str, row: _ValueWords) -> bool:
    plain = word.lower().removesuffix("'s")
    return word.isascii() and plain in VOCABULARY and (plain in _NEGATIONS or not row.has_word(plain))
