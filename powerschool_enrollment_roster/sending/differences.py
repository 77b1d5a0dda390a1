"""Compares each row with the form's roster field by field. Only counts leave this module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from destination_powerschool_enrollment.field_text import trimmed
from destination_powerschool_enrollment.roster_comparison import comparable

_DIGEST = 8  # bytes per field


@dataclass
class Differences:
    """How many rows are new, changed or unchanged, and in how many rows each field differs."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    fields: Counter[str] = field(default_factory=Counter)

    def add(self, known: Mapping[str, bytes] | None, values: Mapping[str, bytes]) -> None:
        """Count one row. `known` has the digests of the record's fields; it is None if there is no record."""
        if known is None:
            self.new += 1
            return
        differing = [name for name, value in values.items() if known[name] != value]
        self.fields.update(differing)
        self.changed += bool(differing)
        self.unchanged += not differing


class RosterFields:
    """The digests of the fields of the roster's records, by student. Memory: eight bytes per field.

    `hidden` are the fields that no record contains: records name them differently, so they are not compared.
    """

    def __init__(
        self, records: Iterable[Mapping[str, Any]], key_field: str, fields: Iterable[str], date_fields: Iterable[str]
    ) -> None:
        self._fields = sorted(set(fields) - {key_field})
        self._key_field = key_field
        self._dates = frozenset(date_fields)
        self._records: dict[str, bytes] = {}
        self.hidden = set(self._fields)
        for record in records:
            self._add(record)

    def compare(self, fields: Mapping[str, str], differences: Differences) -> None:
        """Count a row. `fields` has the values that would be sent."""
        compared = [name for name in self._fields if name in fields and name not in self.hidden]
        values = {name: self._digest(name, fields[name]) for name in compared}
        differences.add(self._known(fields.get(self._key_field, "")), values)

    def _known(self, key: str) -> dict[str, bytes] | None:
        stored = self._records.get(key)
        if stored is None:
            return None
        parts = (stored[place : place + _DIGEST] for place in range(0, len(stored), _DIGEST))
        return dict(zip(self._fields, parts, strict=True))

    def _add(self, record: Mapping[str, Any]) -> None:
        key, items = trimmed(str(record.get("externalStudentID") or "")), record.get("dataItems")
        shown = items if isinstance(items, Mapping) else {}
        self.hidden -= shown.keys()
        if key:
            self._records[key] = b"".join(self._digest(name, shown.get(name)) for name in self._fields)

    def _digest(self, name: str, value: Any) -> bytes:
        text = comparable(value, is_date=name in self._dates)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
