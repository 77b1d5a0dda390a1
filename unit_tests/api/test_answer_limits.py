"""An answer takes limited time and limited memory, however much and however slowly the service sends."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from requests import Response

from integration_tests.raw_server import Answer, RawServer
from powerschool_enrollment_api import AlwaysTooLarge, ConnectionSettings, TemporaryFailure, Timeouts, answer_limits
from powerschool_enrollment_api.document_storage import DocumentStorage, StorageFault
from powerschool_enrollment_api.documents import DocumentAddress
from powerschool_enrollment_api.errors import AnswerTooLarge
from unit_tests.api.scripted_server import http_answer

MEGABYTE = b" " * 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"
HASTY = Timeouts(connect=5, read=5, retries=0, answer=0.3)
SMALL_LIMIT = 8 * 1024 * 1024


@pytest.fixture
def endless():
    """Return a function that starts a server whose answers do not end."""
    servers = []

    def start(*answer):
        servers.append(RawServer(lambda *_: Answer(*answer)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(answer_limits, "LARGEST_ANSWER", SMALL_LIMIT)


def gzip_bomb():
    """Return the beginning of an endless gzip body, and the piece that is repeated: 1 kB that expands to 1 MB."""
    packer = zlib.compressobj(wbits=31)
    begin, piece = (packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return OK + b"Content-Encoding: gzip\r\n\r\n" + begin, piece


SLOW = {
    "body": (OK + b"Content-Length: 100000\r\n\r\n[", b" ", 0.02),
    "body without a length": (OK + b"\r\n[", b" ", 0.02),
    "chunk": (CHUNKED + b"\r\n10000\r\n", b" ", 0.02),
    "size of a chunk": (CHUNKED + b"\r\n", b"0", 0.02),
    "compressed body": (*gzip_bomb()[:1], b"", 0.02),
    "header": (OK, b"X-Header: 1\r\n", 0.02),
    "header line": (OK + b"X: ", b"x", 0.02),
    "status": (b"", b"H", 0.02),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW)
def test_answer_that_trickles_ends_at_its_deadline(client_for, endless, answer):
    server = endless(*answer)

    with pytest.raises(TemporaryFailure) as raised:
        client_for(server.base_url, timeouts=HASTY).get("/checklists", {"lastName": "Ada"})

    assert str(raised.value).startswith("GET /checklists: the answer was not complete within 0.3 s.")
    assert raised.value.arrived
    assert raised.value.__suppress_context__


def test_answer_that_trickles_is_requested_again_if_that_is_safe(client_for, endless, virtual_time):
    server = endless(*SLOW["body"])
    client = client_for(server.base_url, timeouts=Timeouts(read=5, retries=5, answer=0.1))

    with pytest.raises(TemporaryFailure, match="not complete"):
        client.get("/checklists")
    assert server.requests > 1
    assert virtual_time.slept

    server.requests = 0
    with pytest.raises(TemporaryFailure, match="not complete"):
        client.post("/deliverytargets/1/createbatch", repeatable=False)
    assert server.requests == 1


@pytest.mark.parametrize("piece", [b"H", b"HTTP/1.1 200 OK\r\nX: 1\r\n"])
def test_proxy_that_trickles_ends_at_the_deadline(client_for, endless, environment, piece):
    server = endless(b"", piece, 0.02)
    environment(HTTPS_PROXY=server.base_url.removesuffix("/api/v1"))

    with pytest.raises(TemporaryFailure, match=r"not complete within 0\.3 s"):
        client_for(timeouts=HASTY).get("/checklists")


def test_answers_within_the_deadline_are_read_one_after_the_other(client_for, server):
    server.answers(http_answer(b"[1]"))
    client = client_for(server.base_url, timeouts=Timeouts(read=5, retries=0, answer=30))

    assert [client.get("/checklists") for _ in range(3)] == [[1]] * 3
    assert server.connections == 1


LARGE = {
    "body": (OK + b"\r\n[", MEGABYTE),
    "body with a length": (OK + b"Content-Length: 99999999999\r\n\r\n[", MEGABYTE),
    "length of many digits": (OK + b"Content-Length: %b\r\n\r\n[" % (b"9" * 5000), MEGABYTE),
    "chunks": (CHUNKED + b"\r\n", b"100000\r\n" + MEGABYTE + b"\r\n"),
    "chunks and a length": (
        OK + b"Content-Length: 6000000\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"100000\r\n" + MEGABYTE + b"\r\n",
    ),
    "empty chunks of gzip": (OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 50_000),
    "gzip": gzip_bomb(),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000),
}


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("answer", LARGE.values(), ids=LARGE)
def test_answer_without_end_is_too_large(client_for, endless, answer):
    server = endless(*answer)

    with pytest.raises(AnswerTooLarge) as raised:
        client_for(server.base_url, timeouts=Timeouts(read=5, retries=0)).get("/checklists", {"lastName": "Ada"})

    assert str(raised.value).startswith("GET /checklists: the answer is larger than 8 MiB.")


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("kind", ["body", "body with a length", "gzip"])
def test_answer_that_is_too_large_twice_is_not_retried_further(client_for, endless, virtual_time, kind):
    server = endless(*LARGE[kind])

    with pytest.raises(AlwaysTooLarge) as raised:
        client_for(server.base_url).get("/publishedactions/1/rosterrecords", {"page": 3})

    assert len(virtual_time.slept) == 1
    assert str(raised.value).startswith(
        "GET /publishedactions/1/rosterrecords: Page 3: the answer is larger than 8 MiB, twice. Lower the option page"
    )


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "deflate,gzip"])
def test_compression_that_was_not_requested_is_not_expanded(client_for, server, encoding):
    server.answers(http_answer(gzip.compress(b"[]"), "200 OK", f"Content-Encoding: {encoding}"))

    with pytest.raises(TemporaryFailure, match="compressed in a way that was not requested"):
        client_for(server.base_url, timeouts=HASTY).get("/checklists")
    assert server.received[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.usefixtures("small_limit")
def test_answer_as_large_as_the_limit_is_read(client_for, server):
    body = b"[]" + b" " * (SMALL_LIMIT - 2000)
    packed = gzip.compress(b"[]" + b" " * (SMALL_LIMIT - 2))
    server.answers(http_answer(body), http_answer(packed, "200 OK", "Content-Encoding: gzip"))
    client = client_for(server.base_url, timeouts=Timeouts(read=5, retries=0))

    assert [client.get("/checklists"), client.get("/checklists")] == [[], []]


# VmHWM is the peak memory of this process alone. getrusage includes the peak of the process that started it.
READ_AND_PRINT_MEMORY = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from powerschool_enrollment_api import Client, ConnectionSettings, TemporaryFailure, Timeouts, answer_limits

def peak():
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])

def message(_):
    try:
        client.get("/checklists")
    except TemporaryFailure as error:
        return error.message

url, workers, answer_limits.LARGEST_ANSWER = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = Client(ConnectionSettings("k", url, workers), timeouts=Timeouts(read=20, retries=0))
before = peak()
with ThreadPoolExecutor(workers) as pool:
    messages = {*pool.map(message, range(workers))}
print((peak() - before) * 1024, *messages)
"""


def memory_of_reading(server, workers, limit):
    """Return the growth, in bytes, of a process that reads from the server, and the messages that it prints."""
    command = [sys.executable, "-c", READ_AND_PRINT_MEMORY, server.base_url, str(workers), str(limit)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""})
    grown, _, messages = finished.stdout.partition(" ")
    return int(grown), messages


@pytest.mark.parametrize("kind", ["body", "gzip"])
def test_answer_without_end_takes_no_more_memory_than_the_limit(endless, kind):
    grown, message = memory_of_reading(endless(*LARGE[kind]), 1, answer_limits.LARGEST_ANSWER)

    assert message == "the answer is larger than 128 MiB.\n"
    assert grown < 1.1 * answer_limits.LARGEST_ANSWER


def test_answers_without_end_for_all_workers_take_the_memory_of_one(endless):
    limit = 48 * 1024**2
    grown, message = memory_of_reading(endless(*LARGE["body"]), 8, limit)

    assert message == "the answer is larger than 48 MiB.\n"
    assert grown < 2 * limit


def test_large_answers_at_the_same_time_are_all_read(client_for, server):
    body = b"[" + b" " * SMALL_LIMIT + b"]"
    server.answers(*[http_answer(body)] * 6)
    client = client_for(server.base_url, timeouts=Timeouts(read=30, retries=0), num_workers=6)

    with ThreadPoolExecutor(6) as pool:
        assert [*pool.map(client.get, ["/checklists"] * 6)] == [[]] * 6


def test_answer_that_waits_for_a_large_one_ends_at_its_deadline(client_for, endless):
    trickling = LARGE["body"][0] + b" " * SMALL_LIMIT, b" ", 0.05
    client = client_for(endless(*trickling).base_url, timeouts=HASTY, num_workers=8)

    with ThreadPoolExecutor(2) as pool:
        reads = [pool.submit(client.get, "/checklists") for _ in range(2)]
    assert ["not complete within 0.3 s" in str(read.exception()) for read in reads] == [True, True]


def test_error_that_is_kept_until_the_retry_does_not_refer_to_the_body(client_for, server):
    server.answers(http_answer(b"[1"))

    with pytest.raises(TemporaryFailure) as raised:
        client_for(server.base_url, timeouts=HASTY).get("/checklists")
    assert raised.value.__context__ is None
    variables = [entry.frame.f_locals for entry in raised.traceback[1:]]
    assert not any(isinstance(value, (bytes, Response)) for values in variables for value in values.values())


@pytest.mark.parametrize("answer", [SLOW["body without a length"], SLOW["header"]])
def test_document_that_trickles_is_a_fault_at_its_deadline(endless, answer):
    server = endless(*answer)
    timeouts = Timeouts(connect=5, read=5, retries=0, document=0.3)
    storage = DocumentStorage(ConnectionSettings("k", server.base_url), timeouts)

    with pytest.raises(
        StorageFault, match=r"^GET a document from its storage: the answer was not complete within 0\.3 s"
    ):
        list(storage.read(DocumentAddress(f"{server.base_url}/1?sig=secret", None), 10**9))
