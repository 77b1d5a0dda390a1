"""Finds the field of a column: by the configured mapping, by its name, or by its name in an Airbyte cache.

A cache is a database that a sync filled. It renames columns, for example `Birth Date` to `birth_date`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

AIRBYTE_COLUMN_PREFIX = "_airbyte_"
_PREFIXES = (AIRBYTE_COLUMN_PREFIX, "_ab_")  # of caches and destinations, and of sources
_DELETED_AT = "_ab_cdc_deleted_at"


def is_added_by_airbyte(column: str) -> bool:
    """Return whether Airbyte adds this column to those of the rows. A warehouse may write it in capitals."""
    return column.lower().startswith(_PREFIXES)


def is_deletion(row: Mapping[str, Any]) -> bool:
    """Return whether the row reports its deletion in the source. Its other columns may have values."""
    return bool(row.get(_DELETED_AT) or row.get(_DELETED_AT.upper()))


def cache_name(name: str) -> str:
    """Return the name that a cache gives a column: `Birth Date` → `birth_date`."""
    plain = re.sub(r"[^a-z0-9]", "_", name.lower())
    return f"_{plain}" if plain[:1].isdigit() else plain


class FieldFinder:
    """Finds a column's field among the fields of an import schema. With `fields` None, every name is a field."""

    def __init__(self, mapping: Mapping[str, str], fields: Iterable[str] | None) -> None:
        self._mapping = dict(mapping)
        self._fields = None if fields is None else frozenset(fields)
        self._mapping_by_cache_name = _unambiguous(self._mapping)
        self._field_by_cache_name = _unambiguous({name: name for name in self._fields or ()})

    def field_of(self, column: str) -> str | None:
        """Return the column's field; None if there is no such field, or more than one candidate."""
        if column in self._mapping:
            return self._mapping[column]
        if self._fields is not None and column in self._fields:
            return column
        name = cache_name(column) if _may_come_from_a_cache(column) else ""
        unmapped = column if self._fields is None else self._field_by_cache_name.get(name)
        return self._mapping_by_cache_name.get(name, unmapped)


def _may_come_from_a_cache(column: str) -> bool:
    """Return whether a cache may have derived this name. `__` does not count: any two non-ASCII letters become that."""
    return column.isascii() and any(map(str.isalnum, column))


def _unambiguous(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields by cache name, without cache names that columns of different fields share."""
    candidates: dict[str, set[str]] = {}
    for column, field in fields.items():
        candidates.setdefault(cache_name(column), set()).add(field)
    return {name: choices.pop() for name, choices in candidates.items() if len(choices) == 1}
