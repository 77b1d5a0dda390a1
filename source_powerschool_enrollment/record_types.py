"""Gives records the types of their stream's schema: UTC times, ISO dates, and null for what is neither."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse

_SCHEMAS = Path(__file__).parent / "schemas"

# Nothing else is guessed at: a parser that fills in today's date, or takes a name for a time zone, makes a wrong time
# of a wrong value, and writes it to the log.
_ISO = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_NAIVE = len("2011-06-08T16:53:05")


def schema_of(stream_name: str) -> dict[str, Any]:
    """Return the stream's JSON schema."""
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{stream_name}.json").read_text(encoding="utf-8"))
    return schema


@dataclass(frozen=True)
class RecordTypes:
    """Which fields of a record are times, and which are dates."""

    times: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()

    @classmethod
    def of_stream(cls, stream_name: str) -> RecordTypes:
        """Read the formats of the schema's top-level fields."""
        formats = {field: schema.get("format") for field, schema in schema_of(stream_name)["properties"].items()}
        return cls(
            times=tuple(field for field, found in formats.items() if found == "date-time"),
            dates=tuple(field for field, found in formats.items() if found == "date"),
        )

    def apply(self, record: dict[str, Any], unreadable: Callable[[str], None]) -> None:
        """Convert the record's times and dates in place; see `retype`."""
        retype(record, self.times, utc_time, unreadable)
        retype(record, self.dates, iso_date, unreadable)


def utc_time(text: str) -> str:
    """Return a time as `2011-06-08T16:53:05Z`. The vendor: "All dates and times are provided in UTC".

    Raises ValueError if `text` is not a time.
    """
    _iso(text)
    naive = text.removesuffix("Z")
    if len(naive) == _NAIVE and naive[10] == "T":
        datetime.fromisoformat(naive)
        return f"{naive}Z"
    try:
        moment = ab_datetime_parse(text).astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("in UTC it lies in a year that Python does not have") from None
    return moment.isoformat().replace("+00:00", "Z")


def iso_date(text: str) -> str:
    """Return the date of `2000-04-15T00:00:00`, never shifted: its midnight has no time zone.

    Raises ValueError if `text` is not a date.
    """
    return date.fromisoformat(_iso(text)["date"]).isoformat()


def _iso(text: str) -> re.Match[str]:
    parts = _ISO.fullmatch(text)
    if parts is None:
        raise ValueError("not as ISO 8601 has it")
    return parts


def iso_date_of_us_date(text: str) -> str:
    """Return the ISO date of `02/03/2015`. Raises ValueError if `text` is not a date."""
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat()  # noqa: DTZ007 - a date has no time zone


def retype(
    record: dict[str, Any], fields: tuple[str, ...], convert: Callable[[str], str], unreadable: Callable[[str], None]
) -> None:
    """Convert these fields of the record in place. Null and empty become null.

    Unreadable values become null too, and `unreadable` is called with the field's name: a warehouse's column of
    times cannot hold it as text.
    """
    for name in fields:
        value = record.get(name)
        if not value:
            if value is not None:
                record[name] = None
            continue
        try:
            record[name] = convert(_text(value))
        except ValueError:
            record[name] = None
            unreadable(name)


def _text(value: Any) -> str:
    """Return `value` if it is text. Raises ValueError otherwise: other types are never dates here."""
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - to the caller it is one more thing that is no date
    return value
