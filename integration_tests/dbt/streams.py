"""The streams as the dbt package names them: from `discover`, with every option that adds a stream."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration_tests.connector import run_source

CONFIG = {
    "api_key": "sandbox-key",
    "documents": [{"field": "doc_BirthCertificate"}],
    "deliveries": {"mode": "consume", "delivery_target_ids": [1], "start_date": "2026-08-01"},
}
KINDS = {"integer": "integer", "string": "text", "array": "json", "object": "json"}
FORMATS = {"date": "date", "date-time": "timestamp"}
REMOVED = (
    "When the connector detected that the record was removed (UTC). Null for records that exist, and without the "
    "option detect_removed_records."
)
RECORD_STREAMS = ("roster_records", "submission_records")
# The id of each of these is the id of another stream's row.
SAME_ID = {
    "roster_record_details": "roster_records",
    "submission_record_details": "submission_records",
    "checklist_details": "checklists",
    "open_batches": "batches",
    "delivered_records": "submission_records",
}


@dataclass(frozen=True)
class Field:
    """A field of a stream: its name in the source, and its column and kind, as the package names them."""

    name: str
    column: str
    kind: str
    description: str


@dataclass(frozen=True)
class Stream:
    """A stream with the columns of its primary key."""

    name: str
    description: str
    key: tuple[str, ...]
    cursor: str | None
    fields: tuple[Field, ...]

    @property
    def model(self) -> str:
        return f"stg_powerschool_enrollment__{self.name}"

    @property
    def parents(self) -> dict[str, str]:
        """Return the stream that a column refers to, by column."""
        own = id_column(self.name)
        found = {
            field.column: stream_of_id_column(field.column)
            for field in self.fields
            if field.column != own or self.name in SAME_ID
        }
        return {column: stream for column, stream in found.items() if stream}


@functools.cache
def all_streams() -> tuple[Stream, ...]:
    """Return all streams, in the order of the README."""
    catalog = run_source("discover", config=CONFIG).catalog
    return tuple(_stream(name, catalog[name]) for name in ORDER if name in catalog) + tuple(
        _stream(name, stream) for name, stream in catalog.items() if name not in ORDER
    )


ORDER = (
    "published_actions",
    "import_schemas",
    "roster_records",
    "submission_records",
    "roster_record_details",
    "submission_record_details",
    "delivery_targets",
    "batches",
    "open_batches",
    "delivered_records",
    "documents",
    "checklists",
    "checklist_details",
    "checklist_entries",
)


def id_column(stream: str) -> str:
    """Return the package's name of a stream's id column, for example `roster_record_id`."""
    return f"{_singular(SAME_ID.get(stream, stream))}_id"


def stream_of_id_column(column: str) -> str | None:
    """Return the stream that an id column refers to."""
    return next((name for name in ORDER if name not in SAME_ID and column == id_column(name)), None)


def _stream(name: str, stream: Mapping[str, Any]) -> Stream:
    properties = dict(stream["json_schema"]["properties"])
    if name in RECORD_STREAMS:
        properties["_ab_cdc_deleted_at"] = {"type": "string", "format": "date-time", "description": REMOVED}
    fields = tuple(_field(name, each, definition) for each, definition in properties.items())
    columns = {field.name: field.column for field in fields}
    return Stream(
        name=name,
        description=stream["json_schema"]["description"],
        key=tuple(columns[part] for (part,) in stream["source_defined_primary_key"]),
        cursor=next(iter(stream.get("default_cursor_field") or []), None),
        fields=fields,
    )


def _field(stream: str, name: str, definition: Mapping[str, Any]) -> Field:
    kinds = definition["type"] if isinstance(definition["type"], list) else [definition["type"]]
    (kind,) = [kind for kind in kinds if kind != "null"]
    return Field(
        name=name,
        column=_column(stream, name),
        kind=FORMATS.get(definition.get("format", ""), KINDS[kind]),
        description=definition["description"],
    )


def _column(stream: str, name: str) -> str:
    if name == "_ab_cdc_deleted_at":
        return "removed_at"
    if name == "id":
        return id_column(stream)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _singular(stream: str) -> str:
    for plural, singular in (("ies", "y"), ("ches", "ch"), ("s", "")):
        if stream.endswith(plural):
            return stream.removesuffix(plural) + singular
    return stream
