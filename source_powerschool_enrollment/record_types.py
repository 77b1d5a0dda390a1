"""Converts records to the types of their stream's schema. No other module of the source converts values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse

from powerschool_enrollment_api.envelope import integer_id, text_id

_SCHEMAS = Path(__file__).parent / "schemas"

_TEXT_OR_NULL = {str, type(None)}

OnUnreadable: TypeAlias = Callable[[str], None]
_Convert: TypeAlias = Callable[[Any, OnUnreadable], Any]
_Fields: TypeAlias = "tuple[tuple[str, type | None, _Convert], ...]"

# Other formats are not parsed. A parser that guesses, for example adds today's date or reads a name as a time zone,
# would turn a wrong value into a wrong time, and would log the value.
_ISO = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_NAIVE = len("2011-06-08T16:53:05")


def schema_of(stream_name: str) -> dict[str, Any]:
    """Return the stream's JSON schema."""
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{stream_name}.json").read_text(encoding="utf-8"))
    return schema


class RecordTypes:
    """Converts records of one stream to the types of its schema.

    A record is kept even if a value in it does not fit the schema. A text column stores such a value as JSON text. In a
    column of dates, lists or objects, such a value becomes null and is counted. Unknown fields are not changed, because
    the schema allows them.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        properties = schema.get("properties", {})
        self._id = text_id if properties.get("id", {}).get("type") == "string" else integer_id
        self._fields = _fields({name: field for name, field in properties.items() if name != "id"})

    @classmethod
    def of_stream(cls, stream_name: str) -> RecordTypes:
        """Return the types of the stream's schema."""
        return cls(schema_of(stream_name))

    def with_ids(self, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Convert each record's `id` in place, and return the records that have a usable one."""
        usable = []
        for record in records:
            record["id"] = self._id(record.get("id"))
            if record["id"] is not None:
                usable.append(record)
        return usable

    def apply(self, record: dict[str, Any], on_unreadable: OnUnreadable) -> None:
        """Convert all fields but the id in place. `on_unreadable` is called with each field whose value is lost."""
        _apply(self._fields, record, on_unreadable)


def _fields(properties: Mapping[str, Any]) -> _Fields:
    converters = ((name, _converter(field)) for name, field in properties.items())
    return tuple((name, *converter) for name, converter in converters if converter)


def _converter(schema: Mapping[str, Any]) -> tuple[type | None, _Convert] | None:
    """Return the Python type that needs no conversion, if any, and the conversion; None if the field needs none."""
    types = schema.get("type", ())
    if convert := _FORMATS.get(schema.get("format", "")):
        return None, convert
    if "object" in types:
        return None, _object_converter(schema)
    if "array" in types:
        return None, _list_converter(schema.get("items", {}))
    return (str, _as_text) if "string" in types else None


def _object_converter(schema: Mapping[str, Any]) -> _Convert:
    """Return a conversion that refuses what is not an object, and converts its fields as declared, or all to text."""
    fields = _fields(schema.get("properties", {}))
    other = schema.get("additionalProperties")
    all_text = isinstance(other, Mapping) and "string" in other.get("type", ())

    def convert(value: Any, on_unreadable: OnUnreadable) -> Any:
        if not isinstance(value, dict):
            raise ValueError("not an object")  # noqa: TRY004 - each ValueError makes the field null
        _apply(fields, value, on_unreadable)
        if all_text and not set(map(type, value.values())) <= _TEXT_OR_NULL:
            value.update({name: _as_text(entry, on_unreadable) for name, entry in value.items()})
        return value

    return convert


def _list_converter(items: Mapping[str, Any]) -> _Convert:
    """Return a conversion that refuses what is not a list, and converts its entries, or their fields, if declared."""
    fields = _fields(items.get("properties", {}))
    all_text = "string" in items.get("type", ())

    def convert(value: Any, on_unreadable: OnUnreadable) -> Any:
        if not isinstance(value, list):
            raise ValueError("not a list")  # noqa: TRY004 - each ValueError makes the field null
        if all_text:
            return [_as_text(entry, on_unreadable) for entry in value]
        for entry in value:
            if isinstance(entry, dict):
                _apply(fields, entry, on_unreadable)
        return value

    return convert


def _apply(fields: _Fields, record: dict[str, Any], on_unreadable: OnUnreadable) -> None:
    for name, fits, convert in fields:
        value = record.get(name)
        if value is not None and type(value) is not fits:
            record[name] = None if value == "" else _converted(name, value, convert, on_unreadable)


def _converted(name: str, value: Any, convert: _Convert, on_unreadable: OnUnreadable) -> Any:
    try:
        return convert(value, on_unreadable)
    except ValueError:
        on_unreadable(name)
        return None


def _as_text(value: Any, _on_unreadable: OnUnreadable) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def date_converter(convert: Callable[[str], str]) -> _Convert:
    """Return a conversion for a date field. It raises ValueError if the value is not text, or if `convert` does."""

    def converted(value: Any, _on_unreadable: OnUnreadable) -> str:
        if not isinstance(value, str):
            raise ValueError("a date is text")  # noqa: TRY004 - each ValueError makes the field null
        return convert(value)

    return converted


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
        raise ValueError("in UTC it is in a year that Python does not support") from None
    return moment.isoformat().replace("+00:00", "Z")


def iso_date(text: str) -> str:
    """Return the date of `2000-04-15T00:00:00`, never shifted: its midnight has no time zone.

    Raises ValueError if `text` is not a date.
    """
    return date.fromisoformat(_iso(text)["date"]).isoformat()


def _iso(text: str) -> re.Match[str]:
    parts = _ISO.fullmatch(text)
    if parts is None:
        raise ValueError("not in the format of ISO 8601")
    return parts


def iso_date_of_us_date(text: str) -> str:
    """Return the ISO date of `02/03/2015`. Raises ValueError if `text` is not a date."""
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat()  # noqa: DTZ007 - a date has no time zone


def retype(record: dict[str, Any], field: str, convert: Callable[[str], str], on_unreadable: OnUnreadable) -> None:
    """Convert one date field of the record in place. Null and empty become null."""
    _apply(((field, None, date_converter(convert)),), record, on_unreadable)


_FORMATS: Mapping[str, _Convert] = {"date-time": date_converter(utc_time), "date": date_converter(iso_date)}
