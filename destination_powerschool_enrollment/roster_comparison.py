"""Which rows are already in the roster as they are: one digest for each record, compared by the external student ID."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

_US_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")


class RosterDigests:
    """Knows the fields of one import in a form's roster. Not thread-safe."""

    def __init__(self, key_field: str, fields: Iterable[str], records: Iterable[Mapping[str, Any]]) -> None:
        self._key_field = key_field
        # The key itself was compared already; the roster shows it as externalStudentID, not under the field's name.
        self._fields = sorted(set(fields) - {key_field})
        self._sendable = {key_field, *self._fields}
        self._digests: dict[str, bytes | None] = {}
        self._unshown = set(self._fields)
        self.size = 0
        for record in records:
            self._add(record)

    @property
    def comparable(self) -> int:
        """How many of the `size` records can be compared with a row."""
        return sum(digest is not None for digest in self._digests.values()) if self._fields else 0

    @property
    def why_none(self) -> str:
        """Why no record can be compared."""
        if not self._fields:
            return "the stream declares no column of the import but the key"
        if self._unshown:
            return f"no record shows {', '.join(sorted(self._unshown))}"
        return "no record shows all fields of the import and has a unique externalStudentID"

    def is_unchanged(self, fields: Mapping[str, str]) -> bool:
        """Return whether the roster already contains the row as it is.

        After a row of a student differs, the roster as it was read is outdated for this student's later rows.
        """
        key = fields.get(self._key_field, "")
        digest = self._digests.get(key)
        if digest is not None and fields.keys() <= self._sendable and digest == self._digest(fields):
            return True
        self._digests.pop(key, None)
        return False

    def _add(self, record: Mapping[str, Any]) -> None:
        key, items = str(record.get("externalStudentID") or ""), record.get("dataItems")
        shown = items if isinstance(items, Mapping) else {}
        self.size += 1
        self._unshown -= shown.keys()
        if not key:
            return
        # Two records of one student, or a field that the record does not show: nothing to compare with.
        is_comparable = key not in self._digests and isinstance(items, Mapping) and shown.keys() >= set(self._fields)
        self._digests[key] = self._digest(shown) if is_comparable else None

    def _digest(self, fields: Mapping[str, Any]) -> bytes:
        """Digest the values of this import's fields; one that is null, or left out of a row, is like an empty one."""
        texts = (_comparable(fields.get(name)) for name in self._fields)
        return blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _comparable(value: Any) -> str:
    """Return a value as text, with dates in one format."""
    text = "" if value is None else str(value)
    us_date = _US_DATE.fullmatch(text)
    return f"{us_date[3]}-{us_date[1]}-{us_date[2]}" if us_date else text
