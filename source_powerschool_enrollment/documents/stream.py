"""The stream `documents`: one partition per document. Documents are found in the submission records."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, NotFound, RequestRefused
from powerschool_enrollment_api.document_storage import DocumentStorage, DocumentTooLarge
from source_powerschool_enrollment.circuit_breaker import CircuitBreaker
from source_powerschool_enrollment.config import DocumentField
from source_powerschool_enrollment.context import SyncContext
from source_powerschool_enrollment.documents.download import (
    AddressOnly,
    DocumentFetch,
    Download,
    Fetched,
    UploadedDocument,
)
from source_powerschool_enrollment.record_types import schema_of
from source_powerschool_enrollment.records.each_record import each_record

NAME = "documents"
_MOST_NAMED = 20

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


@dataclass(frozen=True)
class DocumentRead:
    """What all documents of one sync share."""

    sync: SyncContext
    fetch: DocumentFetch
    _named: Iterator[int] = field(default_factory=itertools.count)

    def read(self, document: UploadedDocument) -> Iterator[Record]:
        """Yield the document's row. If the document is missing, too large or refused, only count a warning.

        Raises AirbyteTracedException for other failures.
        """
        try:
            yield _record(document, self.fetch(document))
        except NotFound:
            self._skip(document, "does not exist")
        except DocumentTooLarge:
            self._skip(document, "is larger than the platform transfers")
        except EnrollmentError as error:
            if not (isinstance(error, RequestRefused) and error.status == 400):
                raise as_traced_exception(error) from None
            self._skip(document, "has an id that the service rejects (HTTP 400)")

    def _skip(self, document: UploadedDocument, reason: str) -> None:
        """Count the document, and log record and field of the first ones only: thousands of lines would not help."""
        self.sync.warnings.count(NAME, f"skipped a document that {reason}")
        if next(self._named) < _MOST_NAMED:
            logger.warning(
                "%s: the document in %s of submission record %s %s.",
                NAME, document.field, document.submission_record_id, reason,
            )  # fmt: skip


@dataclass(frozen=True, eq=False)
class DocumentPartition(Partition):
    """One document."""

    document: UploadedDocument
    shared: DocumentRead

    def read(self) -> Iterator[Record]:
        """Yield the document's row."""
        return self.shared.read(self.document)

    def to_slice(self) -> Mapping[str, Any]:
        """Return the record and the field, which the CDK logs at level DEBUG."""
        return {"submission_record_id": self.document.submission_record_id, "field": self.document.field}

    def stream_name(self) -> str:
        """Return the stream's name."""
        return NAME

    def __hash__(self) -> int:
        return id(self)


def documents(
    sync: SyncContext, message_repository: MessageRepository, storage: DocumentStorage | None
) -> DefaultStream:
    """Return the stream. With a `storage` each document is downloaded from it, and its row refers to the file."""
    fetch: DocumentFetch = Download(sync.client, storage, NAME) if storage else AddressOnly(sync.client)
    shared = DocumentRead(sync, fetch)

    def partitions() -> Iterator[Partition]:
        for document in _documents_in_records(sync):
            yield DocumentPartition(document, shared)

    return DefaultStream(
        partition_generator=CircuitBreaker(partitions),
        name=NAME,
        json_schema=schema_of(NAME),
        primary_key=["submission_record_id", "field"],
        cursor_field=None,
        logger=logging.getLogger(f"airbyte.streams.{NAME}"),
        cursor=FinalStateCursor(NAME, None, message_repository),
        supports_file_transfer=True,
    )


def _documents_in_records(sync: SyncContext) -> Iterator[UploadedDocument]:
    """Yield each document in the submission records, and warn of the fields that no record has."""
    unseen = {entry.field for entry in sync.config.documents}

    def documents_of(record: Mapping[str, Any]) -> Iterator[UploadedDocument]:
        if not isinstance(record.get("dataItems") or {}, dict):
            sync.warnings.count(NAME, "dataItems of a submission record is not an object, so its documents are unknown")
        unseen.difference_update(_data_items(record))
        found = (document_in(record, entry) for entry in sync.config.documents)
        return (document for document in found if document)

    yield from each_record("submission_records", sync, documents_of)
    for name in sorted(unseen):
        logger.warning("%s: no submission record has the data item %s. Is it spelt as in the form?", NAME, name)


def document_in(record: Mapping[str, Any], entry: DocumentField) -> UploadedDocument | None:
    """Return the document in this field of a submission record; None if the family uploaded none."""
    items = _data_items(record)
    object_id = _text(items.get(entry.field))
    if not object_id:
        return None
    file_name = _text(items.get(entry.file_name_field)) if entry.file_name_field else None
    return UploadedDocument(record["id"], record["published_action_id"], entry.field, object_id, file_name)


def _data_items(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record's data items; an empty dict if they are not an object, because the record is unconverted."""
    items = record.get("dataItems")
    return items if isinstance(items, dict) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _record(document: UploadedDocument, fetched: Fetched) -> Record:
    expires_at = fetched.address.expires_at
    row = {
        "submission_record_id": document.submission_record_id,
        "published_action_id": document.published_action_id,
        "field": document.field,
        "object_id": document.object_id,
        "file_name": document.file_name,
        "url": fetched.address.url,
        "expires_at": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if expires_at else None,
    }
    return Record(row, NAME, file_reference=fetched.file)
