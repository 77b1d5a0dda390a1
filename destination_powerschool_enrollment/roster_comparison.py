"""Compares rows with the form's roster: a digest of each field of each record, by external student ID."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from destination_powerschool_enrollment.field_text import trimmed

_US_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_DIGEST = 8  # bytes per field
_NOT_SHOWN = bytes(_DIGEST)  # a field that the record does not have: no value has this digest


class RosterDigests:
    """Digests of the fields that one stream writes, for each record of a form's roster. Not thread-safe.

    In `date_fields`, 04/20/2015 is equal to 2015-04-20, because roster and rows may use different formats.
    Memory: eight bytes per field of a record.
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
        # The key is not compared: it identifies the record, and the roster calls it externalStudentID.
        self._places = {name: place for place, name in enumerate(sorted(set(fields) - {key_field}))}
        self._records: dict[str, bytes | None] = {}
        self.fields_in_no_record = set(self._places)
        self.size = 0
        for record in records:
            self._add(record)

    @property
    def comparable(self) -> int:
        """Return how many of the `size` records can be compared with a row."""
        return sum(digests is not None for digests in self._records.values()) if self._places else 0

    @property
    def limit(self) -> str | None:
        """Return a text on which rows can be skipped; None if every equal row can be, or if the roster is empty."""
        if not self.size:
            return None
        if not self._places:
            return "no row: the stream declares no column of the import except the key"
        if not self.comparable:
            return "no row: no record has data items and a unique externalStudentID"
        if self.fields_in_no_record:
            names = ", ".join(sorted(self.fields_in_no_record))
            return f"only rows that do not send these fields, because no record shows them: {names}"
        return None

    def has_student(self, fields: Mapping[str, str]) -> bool:
        """Return whether the roster has a record of the row's student."""
        return fields.get(self._key_field, "") in self._records

    def differing(self, fields: Mapping[str, str]) -> list[str] | None:
        """Return the fields of the row whose value is not the record's; None if no record can be compared.

        A field that the row does not send is not compared, because the service keeps its value.
        """
        digests = self._records.get(fields.get(self._key_field, ""))
        if digests is None:
            return None
        return [
            name for name, value in fields.items() if name != self._key_field and self._differs(digests, name, value)
        ]

    def is_unchanged(self, fields: Mapping[str, str]) -> bool:
        """Return whether the roster already contains every value that the row sends."""
        return self.differing(fields) == []

    def forget(self, student: str) -> None:
        """Do not compare later rows of a student. To be called when a row is sent, because it outdates the digests."""
        self._records.pop(student, None)

    def _add(self, record: Mapping[str, Any]) -> None:
        key, items = trimmed(str(record.get("externalStudentID") or "")), record.get("dataItems")
        shown = items if isinstance(items, Mapping) else {}
        self.size += 1
        self.fields_in_no_record -= shown.keys()
        if key:
            # A record cannot be compared if its student has another record.
            is_comparable = key not in self._records and isinstance(items, Mapping)
            self._records[key] = self._digests(shown) if is_comparable else None

    def _digests(self, shown: Mapping[str, Any]) -> bytes:
        return b"".join(self._digest(name, shown[name]) if name in shown else _NOT_SHOWN for name in self._places)

    def _differs(self, digests: bytes, name: str, value: str) -> bool:
        place = self._places.get(name)
        if place is None:
            return True
        shown, text = digests[place * _DIGEST : (place + 1) * _DIGEST], trimmed(value)
        # The service may store a value without the blanks with which a CHAR column fills it up.
        return shown != self._digest(name, value) and (text == value or shown != self._digest(name, text))

    def _digest(self, name: str, value: Any) -> bytes:
        text = _normalised(value, is_date=name in self._date_fields)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _normalised(value: Any, *, is_date: bool) -> str:
    """Return the same text for values that are equal: null and empty text, and a date in both formats."""
    text = "" if value is None else str(value)
    us_date = _US_DATE.fullmatch(text) if is_date else None
    return f"{us_date[3]}-{us_date[1]}-{us_date[2]}" if us_date else text
