"""Redacts the service's reason for a rejected row, so that it contains no value of the row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_LONGEST = 300
_ELLIPSIS = "…"
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)|«[^»]*»|`[^`]*`")
_NUMBER = re.compile(r"\S*\d\S*\d\S*")
_QUOTES = "\"“”'«»`.,;:!?()[]"


def without_values(reason: str, values: Iterable[str], field_names: Collection[str]) -> str:
    """Return `reason` with an ellipsis in place of each value, each quotation and each number. Field names stay.

    All quotations and numbers are removed, because the service may quote a value in another form than it was sent
    (a date, a number without its zeros).
    """
    pattern = _pattern_of(values, field_names)
    text = pattern.sub(lambda match: match["field"] or _ELLIPSIS, reason)
    text = _QUOTED.sub(lambda match: _unless_field(match[0], field_names), text)
    text = _NUMBER.sub(lambda match: _unless_field(match[0], field_names), text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _ELLIPSIS


def _unless_field(text: str, field_names: Collection[str]) -> str:
    return text if text.strip(_QUOTES) in field_names else _ELLIPSIS


def _pattern_of(values: Iterable[str], field_names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of all values and their words. Long ones match anywhere, short ones (a grade) as words only.

    Field names match first, in the group `field`, because a value may be part of one (`address` in `EmailAddress`).
    """
    parts = {part for value in values for part in (value.strip(), *_long_words(value)) if part}
    names = "|".join(re.escape(name) for name in sorted(field_names, key=len, reverse=True))
    field = rf"(?P<field>(?<!\w)(?:{names})(?!\w))" if names else "(?P<field>(?!))"
    return re.compile("|".join([field, *map(_alternative, sorted(parts, key=len, reverse=True))]), re.IGNORECASE)


def _long_words(value: str) -> list[str]:
    return [word for word in re.split(r"\W+", value) if len(word) >= 3]


def _alternative(part: str) -> str:
    escaped = re.escape(part)
    is_long = len(part) >= 4 or not part.isascii()
    return escaped if is_long else rf"(?<!\w){escaped}(?!\w)"
