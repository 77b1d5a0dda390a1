"""The option `documents`: which data items hold the ids of documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.documents.paths import safe_name


@dataclass(frozen=True)
class Document:
    """A document that a family uploaded: which data item of which submission record holds its id."""

    submission_record_id: int
    published_action_id: int
    field: str
    object_id: str = dataclass_field(repr=False)
    file_name: str | None = dataclass_field(repr=False)


@dataclass(frozen=True)
class DocumentField:
    """A data item that holds the ids of documents, and the one beside it that holds the names of their files."""

    field: str
    file_name_field: str | None = None

    def document_in(self, record: Mapping[str, Any]) -> Document | None:
        """Return the document of a submission record; None if the family uploaded none."""
        items = record.get("dataItems") or {}
        object_id = _text(items.get(self.field))
        if not object_id:
            return None
        file_name = _text(items.get(self.file_name_field)) if self.file_name_field else None
        return Document(record["id"], record["published_action_id"], self.field, object_id, file_name)


def document_fields(config: Mapping[str, Any]) -> tuple[DocumentField, ...]:
    """Read the option. Raises InvalidOption for an entry without a field, and for one field named twice."""
    fields = tuple(_fields(config.get("documents") or []))
    # Files of fields that differ in capitals alone would share a folder on some disks.
    folders = [safe_name(entry.field).casefold() for entry in fields]
    for folder, entry in zip(folders, fields, strict=True):
        if folders.count(folder) > 1:
            raise InvalidOption(f"The option documents names the field {entry.field} twice.")
    return fields


def _fields(option: list[Mapping[str, Any]]) -> Iterator[DocumentField]:
    for entry in option:
        name = _text(entry.get("field"))
        if not name:
            raise InvalidOption("The option documents has an entry without a field.")
        yield DocumentField(name, _text(entry.get("file_name_field")) or None)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
