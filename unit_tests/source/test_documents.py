"""The result of one document: a row, a counted warning, or an error that fails the stream."""

import logging
from pathlib import Path

import airbyte_cdk
import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_api import Client, ConnectionSettings, NotFound, RequestRefused
from powerschool_enrollment_api.document_storage import AddressExpired, DocumentTooLarge, StorageRefused
from powerschool_enrollment_api.documents import DocumentAddress
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.context import SyncContext
from source_powerschool_enrollment.documents.download import FILE_SIZE_LIMIT, Fetched, UploadedDocument
from source_powerschool_enrollment.documents.stream import DocumentRead


def document(record_id=5100021):
    return UploadedDocument(record_id, 30011, "doc_BirthCertificate", "secret-id", "secret name.pdf")


@pytest.fixture
def sync():
    connection = ConnectionSettings("a-key", "https://registration.powerschool.com/api/v1")
    return SyncContext(SourceConfig(connection), Client(connection))


def reading(sync, error=None):
    def fetch(_):
        if error:
            raise error
        return Fetched(DocumentAddress("https://storage.example/c/1", None))

    return DocumentRead(sync, fetch)


def test_a_document_is_a_row(sync):
    (record,) = reading(sync).read(document())
    assert record.data["submission_record_id"] == 5100021
    assert record.data["url"] == "https://storage.example/c/1"
    assert record.file_reference is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotFound("not found.", "GET /documents/{objectId}", 404), "does not exist"),
        (DocumentTooLarge("too large.", "GET"), "is larger than the platform transfers"),
        (RequestRefused("refused.", "GET /documents/{objectId}", 400), "has an id that the service rejects (HTTP 400)"),
    ],
)
def test_skipped_document_is_a_counted_warning_that_names_record_and_field(sync, caplog, error, reason):
    assert list(reading(sync, error).read(document())) == []
    sync.warnings.report(logging.getLogger("airbyte.test"))
    assert caplog.messages == [
        f"documents: the document in doc_BirthCertificate of submission record 5100021 {reason}.",
        f"documents: skipped a document that {reason} (once).",
    ]


def test_first_twenty_documents_are_named_and_all_are_counted(sync, caplog):
    shared = reading(sync, NotFound("not found.", "GET"))
    for record_id in range(1000):
        assert list(shared.read(document(record_id))) == []
    sync.warnings.report(logging.getLogger("airbyte.test"))
    assert len(caplog.messages) == 21
    assert caplog.messages[-1] == "documents: skipped a document that does not exist (1000 times)."


@pytest.mark.parametrize(
    "error",
    [
        AddressExpired("refused.", "GET", 403),
        RequestRefused("refused.", "GET", 409),
        StorageRefused("refused.", "GET", 400),
    ],
)
def test_other_errors_contain_neither_id_nor_name(sync, error):
    with pytest.raises(AirbyteTracedException) as caught:
        list(reading(sync, error).read(document()))
    assert "secret" not in f"{caught.value.message} {caught.value.internal_message}"


def test_size_limit_is_that_of_the_cdk():
    # Read as text, because importing the module would require an optional dependency of the CDK.
    reader = Path(airbyte_cdk.__file__).parent / "sources" / "file_based" / "file_based_stream_reader.py"
    assert f"FILE_SIZE_LIMIT = {FILE_SIZE_LIMIT:_}\n" in reader.read_text(encoding="utf-8")
