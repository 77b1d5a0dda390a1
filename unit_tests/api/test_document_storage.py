"""The documents' storage over a socket: what it receives, what its answers mean, and what is never printed."""

import pytest
from airbyte_cdk.models import FailureType

from powerschool_enrollment_airbyte.airbyte_errors import failure_type_of
from powerschool_enrollment_api import ConnectionSettings, EnrollmentError, NotFound, Timeouts, WrongEnvironment
from powerschool_enrollment_api.document_storage import (
    AddressExpired,
    DocumentStorage,
    DocumentTooLarge,
    StorageFault,
    StorageNeverReached,
    StorageRefused,
    StorageUnreachable,
)
from powerschool_enrollment_api.documents import DocumentAddress
from unit_tests.api.scripted_server import DROP, http_answer

KEY = "the-key-of-a-district"
CONTENT = b"%PDF-1.4 " * 1000


@pytest.fixture
def read(server):
    """Return a function that reads a document from the scripted server."""
    storage = DocumentStorage(ConnectionSettings(KEY, server.base_url), Timeouts(connect=2, read=2, retries=0))
    address = DocumentAddress(f"http://127.0.0.1:{server.port}/secret-container/1?sig=secret-signature", None)
    return lambda limit=1_000_000: b"".join(storage.read(address, limit))


@pytest.fixture
def netrc(tmp_path, monkeypatch):
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login someone password secret\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return path


def test_the_storage_receives_no_key_no_password_and_no_cookie(read, server, netrc):
    assert netrc.exists()
    server.answers(http_answer(CONTENT, "200 OK", "Set-Cookie: visitor=1"))
    assert [read(), read()] == [CONTENT, CONTENT]
    for request in server.received:
        assert not {"authorization", "cookie", "proxy-authorization"} & request.headers.keys()
        assert KEY not in str(request)
        assert request.headers["accept-encoding"] == "identity"


def test_loopback_documents_bypass_the_proxy_of_the_environment(read, server, free_port, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port}")
    server.answers(http_answer(CONTENT))
    assert read() == CONTENT


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(read, server, status):
    elsewhere = f"http://127.0.0.1:{server.port}/elsewhere"
    server.answers(http_answer(b"", status, f"Location: {elsewhere}"), http_answer(CONTENT))
    with pytest.raises(StorageRefused, match="not followed"):
        read()
    assert [request.target for request in server.received] == ["/secret-container/1?sig=secret-signature"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("403 Forbidden", AddressExpired),
        ("404 Not Found", NotFound),
        ("410 Gone", NotFound),
        ("408 Request Timeout", StorageFault),
        ("429 Too Many Requests", StorageFault),
        ("500 Oh", StorageFault),
        ("503 Busy", StorageFault),
        ("206 Partial Content", StorageRefused),
        ("400 Bad Request", StorageRefused),
        ("418 Teapot", StorageRefused),
    ],
)
def test_status_of_the_storage_raises_its_error_without_the_address(read, server, status, error):
    server.answers(http_answer(b"<Error>secret</Error>", status))
    with pytest.raises(EnrollmentError) as caught:
        read()
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("answer", [DROP, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n%PDF", b"secret\r\n\r\n"])
def test_interrupted_transfer_is_a_fault_without_the_address(read, server, answer):
    server.answers(answer)
    with pytest.raises(StorageFault) as caught:
        read()
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.fixture
def storage(server, virtual_time):
    """Return a storage that waits in virtual time, up to ten minutes for each document."""
    settings, timeouts = ConnectionSettings(KEY, server.base_url), Timeouts(connect=2, read=2)
    return DocumentStorage(settings, timeouts, sleep=virtual_time.sleep, clock=virtual_time.clock)


def fetched_from(storage, port):
    address = DocumentAddress(f"http://127.0.0.1:{port}/secret-container/1?sig=secret-signature", None)
    return storage.retry(lambda current: b"".join(storage.read(current, 1_000_000)), address)


def test_unreached_storage_fails_all_documents_after_a_minute(storage, free_port, virtual_time, caplog):
    for _ in range(3):
        with pytest.raises(StorageNeverReached, match="the storage's host refuses the connection") as caught:
            fetched_from(storage, free_port)
    assert 50 < sum(virtual_time.slept) <= 60
    assert failure_type_of(caught.value) is FailureType.config_error
    assert "*.blob.core.windows.net" in str(caught.value)
    assert not any(word in text for word in ("secret", "127.0.0.1") for text in (str(caught.value), caplog.text))


def test_a_storage_that_was_reached_once_is_tried_for_ten_minutes(storage, server, free_port, virtual_time):
    server.answers(http_answer(CONTENT))
    assert fetched_from(storage, server.port) == CONTENT
    with pytest.raises(StorageUnreachable) as caught:
        fetched_from(storage, free_port)
    assert 500 < sum(virtual_time.slept) <= 600
    assert failure_type_of(caught.value) is FailureType.transient_error


def test_a_storage_that_was_reached_in_an_earlier_sync_is_tried_for_ten_minutes(storage, free_port, virtual_time):
    storage.presume_reachable()
    with pytest.raises(StorageUnreachable):
        fetched_from(storage, free_port)
    assert 500 < sum(virtual_time.slept) <= 600


def test_connection_cut_off_before_the_first_answer_counts_as_unreachable(storage, server, virtual_time):
    server.answers(DROP)
    with pytest.raises(StorageNeverReached, match="cut off before an answer arrives"):
        fetched_from(storage, server.port)
    assert 50 < sum(virtual_time.slept) <= 60


def test_a_document_that_is_cut_short_means_that_the_storage_was_reached(storage, server, free_port, virtual_time):
    server.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n%PDF")
    with pytest.raises(StorageFault):
        fetched_from(storage, server.port)
    with pytest.raises(StorageUnreachable):
        fetched_from(storage, free_port)
    assert 1000 < sum(virtual_time.slept) <= 1200


@pytest.mark.parametrize("proxy", ["ftp://proxy.example", "socks5://proxy.example", "http:///x"])
def test_invalid_proxy_is_an_error_of_the_environment_and_not_of_the_address(monkeypatch, proxy):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    storage = DocumentStorage(ConnectionSettings(KEY, "https://enrollment.example/api/v1"), Timeouts(connect=2, read=2))
    with pytest.raises(WrongEnvironment, match="HTTPS_PROXY"):
        list(storage.read(DocumentAddress("https://storage.invalid/secret", None), 1000))


def test_error_for_a_missing_certificate_bundle_names_its_variable(monkeypatch, tmp_path, free_port):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    storage = DocumentStorage(ConnectionSettings(KEY, "https://enrollment.example/api/v1"), Timeouts(connect=2, read=2))
    with pytest.raises(WrongEnvironment, match="REQUESTS_CA_BUNDLE") as caught:
        list(storage.read(DocumentAddress(f"https://127.0.0.1:{free_port}/secret", None), 1000))
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_error_of_the_caller_is_raised_unchanged(storage, server):
    server.answers(http_answer(CONTENT))
    chunks = storage.read(DocumentAddress(f"http://127.0.0.1:{server.port}/1", None), 1_000_000)

    def write(_):
        raise OSError("disk is full")

    with pytest.raises(OSError, match="disk is full"):
        list(map(write, chunks))


def test_document_with_too_large_content_length_is_not_read(read, server):
    server.answers(http_answer(CONTENT, claimed_length=10**12))
    with pytest.raises(DocumentTooLarge):
        read()


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2328\r\n"],
)
def test_document_without_content_length_is_read_up_to_the_limit(read, server, head):
    server.answers(head + CONTENT + (b"\r\n0\r\n\r\n" if b"chunked" in head else b""))
    with pytest.raises(DocumentTooLarge):
        read(limit=len(CONTENT) - 1)
    assert read(limit=len(CONTENT)) == CONTENT
