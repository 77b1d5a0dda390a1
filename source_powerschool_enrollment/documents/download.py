"""Fetches a document's address and, with file transfer, the document itself, into the platform's staging folder."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path, PurePosixPath
from typing import Protocol
from uuid import uuid4

from airbyte_cdk.models import AirbyteRecordMessageFileReference
from airbyte_cdk.sources.utils.files_directory import get_files_directory

from powerschool_enrollment_api import Client, EnrollmentError, WrongEnvironment
from powerschool_enrollment_api.document_storage import AddressExpired, DocumentStorage
from powerschool_enrollment_api.documents import DocumentAddress, request_address
from source_powerschool_enrollment.documents.paths import document_path

# The same limit as in the CDK's own file sources (AbstractFileBasedStreamReader.FILE_SIZE_LIMIT).
FILE_SIZE_LIMIT = 1_500_000_000


class StagingFailed(EnrollmentError):
    """The document cannot be written to the staging folder: the disk is full, or the folder is not writable."""

    guidance = "Give the connector a disk with free space for the documents of a sync."


def verify_staging_folder() -> None:
    """Raise WrongEnvironment if AIRBYTE_STAGING_DIRECTORY does not exist: the CDK would silently use another folder."""
    folder = os.environ.get("AIRBYTE_STAGING_DIRECTORY")
    if folder and not Path(folder).is_dir():
        raise WrongEnvironment(f"AIRBYTE_STAGING_DIRECTORY is set to {folder}, but that directory does not exist.")


@dataclass(frozen=True)
class UploadedDocument:
    """A document that a family uploaded. `field` is the data item of the submission record that holds its id."""

    submission_record_id: int
    published_action_id: int
    field: str
    object_id: str = dataclass_field(repr=False)
    file_name: str | None = dataclass_field(repr=False)


@dataclass(frozen=True)
class Fetched:
    """The result of fetching a document, for its row; `file` with file transfer only."""

    address: DocumentAddress
    file: AirbyteRecordMessageFileReference | None = None


class DocumentFetch(Protocol):
    """A way to fetch documents. Raises EnrollmentError."""

    def __call__(self, document: UploadedDocument) -> Fetched:
        """Return the document's address, and its file if files are downloaded."""


@dataclass(frozen=True)
class AddressOnly:
    """Requests addresses, and downloads nothing."""

    client: Client

    def __call__(self, document: UploadedDocument) -> Fetched:
        """Return the document's address."""
        return Fetched(request_address(self.client, document.object_id, document.file_name))


@dataclass(frozen=True)
class Download:
    """Downloads each document immediately, because its address is valid for about two minutes.

    It does not use the CDK's uploader, which holds a complete file in memory, and logs file names.
    """

    client: Client
    storage: DocumentStorage
    folder_name: str
    limit: int = FILE_SIZE_LIMIT

    def __call__(self, document: UploadedDocument) -> Fetched:
        """Return the address that worked, and the file. Each attempt requests a new address."""
        return self.storage.retry(self._attempt, document)

    def _attempt(self, document: UploadedDocument) -> Fetched:
        with self.storage.connections:  # there may be more threads than connections
            try:
                return self._request_and_download(document)
            except AddressExpired:
                return self._request_and_download(document)

    def _request_and_download(self, document: UploadedDocument) -> Fetched:
        address = request_address(self.client, document.object_id, document.file_name)
        path = self.folder_name / document_path(
            document.published_action_id,
            document.submission_record_id,
            document.field,
            document.file_name or document.object_id,
        )
        return Fetched(address, self._staged(address, path))

    def _staged(self, address: DocumentAddress, path: PurePosixPath) -> AirbyteRecordMessageFileReference:
        try:
            target = _place_for(path)
            size = self._write(address, target)
        except OSError as error:  # its text contains the path, which ends with the name of a family's file
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            raise StagingFailed(f"a document cannot be written to the staging folder: {reason}.") from None
        return AirbyteRecordMessageFileReference(
            staging_file_url=str(target), source_file_relative_path=str(path), file_size_bytes=size
        )

    def _write(self, address: DocumentAddress, target: Path) -> int:
        """Write the document to a temporary file, rename it to `target` once it is complete, and return its size."""
        part = target.with_name(f"{uuid4().hex}.part")
        try:
            with part.open("wb") as file, closing(self.storage.read(address, self.limit)) as chunks:
                file.writelines(chunks)
                size = file.tell()
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return size


def _place_for(path: PurePosixPath) -> Path:
    """Return the file's path in the staging folder. A missing staging folder is created with mode 700."""
    root = Path(get_files_directory())
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = root / path
    # Each part is a safe name already. This check also finds a symbolic link in the folder.
    if not target.resolve().is_relative_to(root.resolve()):
        raise StagingFailed("the path of a document leads out of the staging folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
