"""One document's download over a socket: what is refused, what is retried, and which files remain."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    NotFound,
    Timeouts,
    UnexpectedAnswer,
)
from powerschool_enrollment_api.document_storage import (
    AddressExpired,
    DocumentStorage,
    DocumentTooLarge,
    StorageFault,
    StorageRefused,
)
from powerschool_enrollment_sandbox import District, Fault, running_sandbox
from source_powerschool_enrollment.documents.download import Download, StagingFailed, UploadedDocument

STORAGE = "/secure-uploadeddocuments-832/*"
CONTENT = bytes(range(256)) * 9000


@pytest.fixture
def sandbox():
    with running_sandbox(district=District.generate(forms=1, submission_records_per_form=1)) as running:
        yield running


@pytest.fixture
def object_id(sandbox):
    return sandbox.district.documents.put(CONTENT)


@pytest.fixture
def staging(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{Download.__module__}.get_files_directory", lambda: str(tmp_path))
    return tmp_path


def download_of(sandbox, *, retries=5, limit=10_000_000, sleep=lambda _: None, num_workers=4):
    settings = ConnectionSettings(sandbox.api_key, sandbox.base_url, num_workers=num_workers)
    timeouts = Timeouts(connect=5, read=5, retries=retries)
    client = Client(settings, timeouts=timeouts, sleep=sleep)
    return Download(client, DocumentStorage(settings, timeouts, sleep=sleep), "documents", limit)


def document(object_id, file_name="Geburtsurkunde.pdf"):
    return UploadedDocument(5100021, 30011, "doc_BirthCertificate", object_id, file_name)


def files_in(staging):
    return [path for path in Path(staging).rglob("*") if path.is_file()]


def test_document_is_staged_at_its_path_with_its_size(sandbox, object_id, staging):
    file = download_of(sandbox)(document(object_id)).file
    assert file.source_file_relative_path == "documents/30011/5100021/doc_BirthCertificate/Geburtsurkunde.pdf"
    assert Path(file.staging_file_url) == staging / file.source_file_relative_path
    assert Path(file.staging_file_url).read_bytes() == CONTENT
    assert file.file_size_bytes == len(CONTENT)


def test_document_without_a_name_is_named_by_its_id(sandbox, object_id, staging):
    file = download_of(sandbox)(document(object_id, None)).file
    assert Path(file.staging_file_url) == staging / f"documents/30011/5100021/doc_BirthCertificate/{object_id}"


def test_documents_with_the_same_name_become_separate_files(sandbox, staging):
    download = download_of(sandbox)
    for record_id, field in [(5100021, "doc_One"), (5100021, "doc_Two"), (5100022, "doc_One")]:
        object_id = sandbox.district.documents.put(f"{record_id} {field}".encode())
        download(UploadedDocument(record_id, 30011, field, object_id, "scan.pdf"))
    assert {path.read_text() for path in files_in(staging)} == {"5100021 doc_One", "5100021 doc_Two", "5100022 doc_One"}
    assert {path.name for path in files_in(staging)} == {"scan.pdf"}


@pytest.mark.parametrize("name", ["../../../../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "a\x00b", "CON"])
def test_no_file_name_leads_out_of_the_folder(sandbox, object_id, staging, name):
    download_of(sandbox)(document(object_id, name))
    (path,) = files_in(staging)
    assert path.resolve().parent == (staging / "documents/30011/5100021/doc_BirthCertificate").resolve()


def test_a_link_in_the_staging_folder_does_not_lead_out_of_it(sandbox, object_id, staging, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (staging / "documents").symlink_to(elsewhere)
    with pytest.raises(StagingFailed, match="leads out of the staging folder"):
        download_of(sandbox)(document(object_id))
    assert list(elsewhere.iterdir()) == []


def test_document_that_is_read_again_replaces_the_older_file(sandbox, object_id, staging):
    download_of(sandbox)(document(object_id))
    sandbox.district.documents.put(b"newer", document_id=object_id)
    download_of(sandbox)(document(object_id))
    assert [path.read_bytes() for path in files_in(staging)] == [b"newer"]


def test_expired_address_is_requested_again_once(sandbox, object_id, staging):
    sandbox.faults.add(Fault("status", path=STORAGE, status=403, times=1))
    download_of(sandbox)(document(object_id))
    assert sandbox.journal.count("GET", "/documents/*") == 2
    assert [path.read_bytes() for path in files_in(staging)] == [CONTENT]


def test_address_is_requested_once_a_connection_is_free(sandbox, object_id, staging):
    download = download_of(sandbox, num_workers=1)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(download, [document(object_id, f"{number}.pdf") for number in range(24)]))
    requested_from = [
        "storage" if entry.path.startswith(STORAGE[:-1]) else "service" for entry in sandbox.journal.entries()
    ]
    assert requested_from == ["service", "storage"] * 24
    assert len(files_in(staging)) == 24


def test_second_expired_address_in_a_row_fails_the_document(sandbox, object_id, staging):
    sandbox.settings.document_lifetime_seconds = -60
    with pytest.raises(AddressExpired):
        download_of(sandbox)(document(object_id))
    assert sandbox.journal.count("GET", STORAGE) == 2
    assert files_in(staging) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("truncate", path=STORAGE, times=2),
        Fault("drop", path=STORAGE, times=2),
        Fault("status", path=STORAGE, status=503, times=2),
        Fault("status", path=STORAGE, status=429, times=2),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_interrupted_download_is_repeated_with_a_new_address(sandbox, object_id, staging, fault):
    sandbox.faults.add(fault)
    download_of(sandbox, retries=60)(document(object_id))
    assert sandbox.journal.count("GET", "/documents/*") == 3
    assert [path.read_bytes() for path in files_in(staging)] == [CONTENT]


def test_document_that_is_always_cut_short_fails_and_leaves_no_file(sandbox, object_id, staging):
    sandbox.faults.add(Fault("truncate", path=STORAGE))
    with pytest.raises(StorageFault):
        download_of(sandbox, retries=0)(document(object_id))
    assert files_in(staging) == []


def test_a_document_that_vanished_after_its_address_was_given_out_is_not_found(sandbox, object_id, staging):
    sandbox.faults.add(Fault("status", path=STORAGE, status=404))
    with pytest.raises(NotFound):
        download_of(sandbox)(document(object_id))
    assert files_in(staging) == []


def test_a_document_larger_than_the_limit_is_refused_before_its_body_is_read(sandbox, object_id, staging):
    with pytest.raises(DocumentTooLarge):
        download_of(sandbox, limit=len(CONTENT) - 1)(document(object_id))
    assert files_in(staging) == []
    assert download_of(sandbox, limit=len(CONTENT))(document(object_id)).file


def test_a_redirect_is_refused_and_not_followed(sandbox, object_id, staging):
    sandbox.faults.add(Fault("status", path=STORAGE, status=302, headers={"Location": f"{sandbox.root_url}/elsewhere"}))
    with pytest.raises(StorageRefused, match="not followed"):
        download_of(sandbox)(document(object_id))
    assert sandbox.journal.count("GET", "/elsewhere") == 0
    assert files_in(staging) == []


def test_address_without_https_on_another_host_is_never_requested(sandbox, object_id, staging):
    sandbox.settings.document_host = "http://storage.example"
    with pytest.raises(UnexpectedAnswer) as caught:
        download_of(sandbox)(document(object_id))
    assert "storage.example" not in str(caught.value)
    assert files_in(staging) == []


def test_neither_key_nor_password_nor_cookie_goes_to_the_storage(sandbox, object_id, staging, monkeypatch):
    netrc = staging / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    download_of(sandbox)(document(object_id))
    (requested,) = sandbox.journal.entries("GET", "/documents/*")
    (fetched,) = sandbox.journal.entries("GET", STORAGE)
    assert (requested.authorization, fetched.authorization) == (True, False)


def test_a_staging_folder_that_cannot_be_written_is_an_error_that_names_no_file(sandbox, object_id, staging):
    (staging / "documents").write_text("in the way")
    with pytest.raises(StagingFailed) as caught:
        download_of(sandbox)(document(object_id))
    assert "Geburtsurkunde" not in str(caught.value)


def test_staging_folder_that_the_connector_creates_is_private(sandbox, object_id, tmp_path, monkeypatch):
    monkeypatch.setattr(f"{Download.__module__}.get_files_directory", lambda: str(tmp_path / "own"))
    download_of(sandbox)(document(object_id))
    assert (tmp_path / "own").stat().st_mode & 0o077 == 0
