"""Maps a row to the fields that are sent, each value as text, and to a key. Rows with the same key stay in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from destination_powerschool_enrollment.catalog import ConfiguredStream
from destination_powerschool_enrollment.columns import FieldFinder, cache_name, is_added_by_airbyte
from destination_powerschool_enrollment.config import Config, ImportSchemaTarget, Target
from destination_powerschool_enrollment.field_text import UnfitValue, is_date_column, is_date_field, text_of, trimmed

Row = Mapping[str, Any]


class UnfitRow(Exception):
    """The row cannot be sent. The message contains column names, never values."""


@dataclass(frozen=True)
class Route:
    """The target of one stream's rows, and how the rows' columns map to fields."""

    stream: ConfiguredStream
    target: Target
    finder: FieldFinder
    fields: frozenset[str]
    key_field: str | None = None
    ignores_unmapped: bool = False

    @cached_property
    def field_names(self) -> frozenset[str]:
        """Return the field names that a log may contain: all of the import schema, or those of the declared columns."""
        declared = map(self.finder.field_of, self.stream.columns)
        return self.fields or frozenset(field for field in declared if field)

    @property
    def identity_field(self) -> str | None:
        """Return the field that identifies a student: `key_field`, else the field of a single-column primary key."""
        if self.key_field is not None or len(self.stream.primary_key) != 1:
            return self.key_field
        return self.finder.field_of(self.stream.primary_key[0])


@dataclass(frozen=True)
class _Field:
    """The field of a column, if it has one, and how its values are written."""

    name: str | None
    is_date: bool = False
    is_identifier: bool = False


@dataclass(frozen=True)
class MappedRow:
    """The fields that are sent, and the key. Rows with the same key are sent in order, one at a time."""

    fields: dict[str, str]
    key: tuple[str, ...]


class RowMapper:
    """Maps the rows of one stream. Not thread-safe: it caches the field of each column."""

    def __init__(self, route: Route, config: Config) -> None:
        self._route = route
        self._config = config
        self._columns: dict[str, _Field] = {}
        self._identity_field = route.identity_field
        is_date = {name: is_date_column(schema) for name, schema in route.stream.columns.items()}
        self._is_date = {**{cache_name(name): known for name, known in is_date.items()}, **is_date}

    @property
    def date_fields(self) -> frozenset[str]:
        """Return the fields of the declared columns whose texts may be dates."""
        found = map(self._field_of, self._declared_columns())
        return frozenset(field.name for field in found if field.name and field.is_date)

    def map(self, row: Row) -> MappedRow:
        """Return the fields and the key of `row`. Raises UnfitRow."""
        fields: dict[str, str] = {}
        for column, value in row.items():
            field = self._field_of(column)
            if field.name is None:
                continue
            if field.name in fields:
                raise UnfitRow(f"Two columns go to the field {field.name!r}.")
            text = self._text_of(column, value, field)
            if text is not None:
                fields[field.name] = text
        return MappedRow(fields, self._key_of(row, fields))

    def _declared_columns(self) -> Iterator[str]:
        """Yield the declared columns that have a field."""
        return (name for name in self._route.stream.columns if self._route.finder.field_of(name) is not None)

    def _field_of(self, column: str) -> _Field:
        if column not in self._columns:
            name = None if is_added_by_airbyte(column) else self._route.finder.field_of(column)
            is_dropped = is_added_by_airbyte(column) or self._route.ignores_unmapped
            if name is None and not is_dropped:
                raise UnfitRow(_no_field(column))
            self._columns[column] = self._described(column, name)
        return self._columns[column]

    def _described(self, column: str, name: str | None) -> _Field:
        # An identifier is never a date: 2015-04-20 may be a student's number.
        if name is None or name == self._identity_field:
            return _Field(name, is_identifier=name is not None)
        declared = self._is_date.get(column, self._is_date.get(cache_name(column), False))
        return _Field(name, is_date=declared or is_date_field(name))

    def _text_of(self, column: str, value: Any, field: _Field) -> str | None:
        if value is None:
            return "" if self._config.null_values == "empty" else None
        try:
            text = text_of(value, self._config.date_format, is_date=field.is_date)
        except UnfitValue as kind:
            raise UnfitRow(
                f"The column {column!r} holds {kind}; only text, numbers and booleans can be sent."
            ) from None
        return trimmed(text) if field.is_identifier else text

    def _key_of(self, row: Row, fields: Mapping[str, str]) -> tuple[str, ...]:
        identity = self._identity_field
        if identity is None:
            return tuple(_order_key(_column(row, name)) for name in self._route.stream.primary_key)
        # The text that is sent: 7120 and 7120.0 are one student.
        key = _order_key(fields.get(identity))
        if not key and (self._route.key_field or isinstance(self._route.target, ImportSchemaTarget)):
            raise UnfitRow(f"The key field {identity!r} is missing or empty.")
        return (key,)


def _no_field(column: str) -> str:
    is_unnamed = column in {"", "null"}
    cause = " A row with more cells than its header has names gets such a column." if is_unnamed else ""
    return f"The column {column!r} has no field.{cause}"


def _order_key(value: Any) -> str:
    """Return the key's text without spaces at its ends and without differences of case.

    Rows of one student must not have different keys. If two students have the same key, their rows only wait longer.
    """
    return "" if value is None else trimmed(str(value)).casefold()


def _column(row: Row, name: str) -> Any:
    """Return the value of a column by its name, or by its name in a cache."""
    return row[name] if name in row else row.get(cache_name(name))
