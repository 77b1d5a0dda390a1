"""Finds rows that the roster already contains: one digest per roster record, by external student ID."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from destination_powerschool_enrollment.field_text import trimmed

_US_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")


class RosterDigests:
    """The digests of a form's roster records, of the fields that one stream writes. Not thread-safe.

    In `date_fields`, a date is equal in both formats, because the roster may use the other format than the row.
    """

    def __init__(
        self,
        key_field: str,
        fields: Iterable[str],
        records: Iterable[Mapping[str, Any]],
        date_fields: Collection[str] = (),
    ) -> None:
        self._key_field = key_field
        self._date_fields = frozenset(date_fields)
        # The digest excludes the key: it identifies the record, and the roster calls it externalStudentID.
        self._fields = sorted(set(fields) - {key_field})
        self._known_fields = {key_field, *self._fields}
        self._digests: dict[str, bytes | None] = {}
        self._fields_in_no_record = set(self._fields)
        self.size = 0
        for record in records:
            self._add(record)

    @property
    def comparable(self) -> int:
        """Return how many of the `size` records can be compared with a row."""
        return sum(digest is not None for digest in self._digests.values()) if self._fields else 0

    @property
    def why_not_comparable(self) -> str:
        """Return why no record can be compared."""
        if not self._fields:
            return "the stream declares no column of the import but the key"
        if self._fields_in_no_record:
            return f"no record shows {', '.join(sorted(self._fields_in_no_record))}"
        return "no record shows all fields of the import and has a unique externalStudentID"

    def is_unchanged(self, fields: Mapping[str, str]) -> bool:
        """Return whether the roster already contains the same row.

        A row that differs will be sent. Then later rows of its student are sent, too, because the digest is outdated.
        """
        key = fields.get(self._key_field, "")
        digest = self._digests.get(key)
        if digest is not None and fields.keys() <= self._known_fields and digest == self._digest(fields):
            return True
        self._digests.pop(key, None)
        return False

    def _add(self, record: Mapping[str, Any]) -> None:
        key, items = trimmed(str(record.get("externalStudentID") or "")), record.get("dataItems")
        shown = items if isinstance(items, Mapping) else {}
        self.size += 1
        self._fields_in_no_record -= shown.keys()
        if not key:
            return
        # A record cannot be compared if its student has another record, or if a field is missing in it.
        is_comparable = key not in self._digests and isinstance(items, Mapping) and shown.keys() >= set(self._fields)
        self._digests[key] = self._digest(shown) if is_comparable else None

    def _digest(self, fields: Mapping[str, Any]) -> bytes:
        """Digest the values of all fields. A value that is null or missing counts as empty."""
        digest = blake2b(digest_size=16)
        for name in self._fields:
            value = comparable(fields.get(name), is_date=name in self._date_fields).encode("utf-8", "surrogatepass")
            # The length separates two values: any separator could be a part of one.
            digest.update(len(value).to_bytes(8, "big") + value)
        return digest.digest()


def comparable(value: Any, *, is_date: bool) -> str:
    """Return the text of a field that is compared. Null is equal to empty, and a date is equal in both formats."""
    text = "" if value is None else str(value)
    us_date = _US_DATE.fullmatch(text) if is_date else None
    return f"{us_date[3]}-{us_date[1]}-{us_date[2]}" if us_date else text
