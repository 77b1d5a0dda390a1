"""Maps a row to the fields that are sent, each value as text, and to the key that keeps rows in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from destination_powerschool_enrollment.catalog import ConfiguredStream
from destination_powerschool_enrollment.columns import AIRBYTE_COLUMN_PREFIX, FieldFinder, cache_name
from destination_powerschool_enrollment.config import Config, DateFormat, Target

Row = Mapping[str, Any]

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?")
_MOST_DIGITS = 100  # no number in a roster is longer, and 1e999999999 written out would fill the memory


class UnfitRow(Exception):
    """The row cannot be sent. The message contains column names, never values."""


class UnfitValue(Exception):
    """No field accepts the value. The message contains its kind, never the value."""


@dataclass(frozen=True)
class Route:
    """The target of one stream's rows, and how their columns map to fields."""

    stream: ConfiguredStream
    target: Target
    finder: FieldFinder
    fields: frozenset[str]
    key_field: str | None = None
    ignores_unmapped: bool = False

    @cached_property
    def field_names(self) -> frozenset[str]:
        """Return the names that a log may show: the import schema's fields; for submissions the declared columns'."""
        declared = map(self.finder.field_of, self.stream.columns)
        return self.fields or frozenset(field for field in declared if field)


@dataclass(frozen=True)
class MappedRow:
    """The fields that are sent, and the key. Rows of one key are sent in order, one at a time."""

    fields: dict[str, str]
    key: tuple[str, ...]


class RowMapper:
    """Maps the rows of one stream. Not thread-safe: it caches the field of each column."""

    def __init__(self, route: Route, config: Config) -> None:
        self._route = route
        self._config = config
        self._columns: dict[str, tuple[str | None, bool]] = {}
        is_date = {name: is_date_column(schema) for name, schema in route.stream.columns.items()}
        self._is_date = {**{cache_name(name): known for name, known in is_date.items()}, **is_date}

    def map(self, row: Row) -> MappedRow:
        """Return the fields and the key of `row`. Raises UnfitRow."""
        fields: dict[str, str] = {}
        for column, value in row.items():
            field, is_date = self._field_of(column)
            if field is None:
                continue
            if field in fields:
                raise UnfitRow(f"Two columns go to the field {field!r}.")
            text = self._text_of(column, value, is_date=is_date)
            if text is not None:
                fields[field] = text
        return MappedRow(fields, self._key_of(row, fields))

    def _field_of(self, column: str) -> tuple[str | None, bool]:
        if column not in self._columns:
            field = None if column.startswith(AIRBYTE_COLUMN_PREFIX) else self._route.finder.field_of(column)
            is_dropped = column.startswith(AIRBYTE_COLUMN_PREFIX) or self._route.ignores_unmapped
            if field is None and not is_dropped:
                raise UnfitRow(_no_field(column))
            self._columns[column] = (field, self._is_date.get(column, self._is_date.get(cache_name(column), False)))
        return self._columns[column]

    def _text_of(self, column: str, value: Any, *, is_date: bool) -> str | None:
        if value is None:
            return "" if self._config.null_values == "empty" else None
        try:
            return text_of(value, self._config.date_format, is_date=is_date)
        except UnfitValue as kind:
            raise UnfitRow(
                f"The column {column!r} holds {kind}; only text, numbers and booleans can be sent."
            ) from None

    def _key_of(self, row: Row, fields: Mapping[str, str]) -> tuple[str, ...]:
        key_field = self._route.key_field
        if key_field is None:
            return tuple(_order_key(_column(row, name)) for name in self._route.stream.primary_key)
        key = _order_key(fields.get(key_field))
        if not key:
            raise UnfitRow(f"The key field {key_field!r} is missing or empty.")
        return (key,)


def _no_field(column: str) -> str:
    is_unnamed = column in {"", "null"}
    cause = " A row with more cells than its header has names gets such a column." if is_unnamed else ""
    return f"The column {column!r} has no field.{cause}"


def _order_key(value: Any) -> str:
    """Return the key's text without blanks at its ends and differences of case.

    Rows of one student must not have different keys. Different students with the same key only cost time.
    """
    return "" if value is None else str(value).strip().casefold()


def _column(row: Row, name: str) -> Any:
    """Return the value of a column by its name, or by its name in a cache."""
    return row[name] if name in row else row.get(cache_name(name))


def text_of(value: Any, date_format: DateFormat, *, is_date: bool) -> str:
    """Return the value as text: dates in `date_format`, numbers as written (`1`, not `1.0`), booleans `true`, `false`.

    A text that is exactly an ISO date is treated as a date. With `is_date`, a time stamp at midnight is one, too,
    because databases store dates like that. Raises UnfitValue for an object, a list, or a number that is not finite.
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
