"""Answers and input of extreme sizes and durations, for `integration_tests.soak.limits`."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from integration_tests.connector import configured_catalog, discovered_streams
from integration_tests.destination.session import catalog, config, record, stream_state
from integration_tests.destination.stand_in import FIELDS
from integration_tests.raw_server import Answer

KEY = "a-key-nobody-may-see"
MARKS = (KEY, "Zyxwana", "vertraulich")
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = b"Zyxwana " * (1024 * 128)
_CHECK_SECONDS = 60  # seconds for a complete answer in `check`, which also requests the health status
_DEFAULT_SECONDS = 300  # for a complete answer in the other commands
FORMS = 16

AnswerOf = Callable[[str, str], Answer]


@dataclass(frozen=True)
class Attack:
    """A command, and the answers that a server sends to it. `deadline` is the time for one attempt, in seconds."""

    name: str
    script: str
    command: str
    answer: AnswerOf
    config: dict[str, Any]
    catalog: dict[str, Any]
    input: Callable[[], Iterable[bytes]] = field(default=tuple)
    deadline: float = _DEFAULT_SECONDS
    attempts: int = 1
    is_patched: bool = False
    is_slow: bool = False
    must_fail: bool = True

    @property
    def longest(self) -> float:
        """The seconds after which the command must have ended."""
        return self.deadline * self.attempts


def fast_answers() -> dict[str, Answer]:
    """Return answers that are sent as fast as the client reads them."""
    packer = zlib.compressobj(wbits=31)
    begin, piece = (packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return {
        "endless body": Answer(OK + b"\r\n[", MEGABYTE),
        "endless gzip": Answer(OK + b"Content-Encoding: gzip\r\n\r\n" + begin, piece),
        "gzip of 3 MB": Answer.of(begin + piece * (3_000_000 // len(piece)), "200 OK", "Content-Encoding: gzip"),
        "120 MB that are cut": Answer.of(b"[" + b" " * 120_000_000),
        "endless 100 Continue": Answer(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        "endless size of a chunk": Answer(CHUNKED, b"0" * 1000),
        "endless header line": Answer(OK + b"X: ", b"x" * 1000),
        "endless headers": Answer(OK, b"X-Header: 1\r\n" * 100),
        "redirect": Answer.of(b"", "302 Found", "Location: /api/v1/publishedactions?Zyxwana"),
        "Retry-After of 9 days": Answer.of({"message": "Slow down."}, "429 Too Many Requests", "Retry-After: 777600"),
    }


def slow_answers() -> dict[str, Answer]:
    """Return answers of which one piece is sent per second."""
    return {
        "a byte per second": Answer(OK + b"Content-Length: 100000\r\n\r\n[", b" ", 1),
        "a header per second": Answer(OK, b"X-Header: 1\r\n", 1),
        "100 Continue per second": Answer(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 1),
        "a digit of a chunk's size per second": Answer(CHUNKED, b"0", 1),
        "a letter of a header per second": Answer(OK + b"X: ", b"x", 1),
    }


def attacks(patched_seconds: float) -> Iterator[Attack]:
    """Yield all attacks. Where no option shortens the deadline, the process starts with one of `patched_seconds`."""
    for name, answer in slow_answers().items():
        patched: dict[str, Any] = {"deadline": patched_seconds, "attempts": 2, "is_patched": True, "is_slow": True}
        yield source("check", name, lambda *_, answer=answer: answer, deadline=_CHECK_SECONDS, attempts=2, is_slow=True)
        yield source("read", name, pages(answer), **patched)
        yield destination(name, rows(answer), **patched)
    slow = slow_answers()["a byte per second"]
    yield documents("a slow document", slow, deadline=patched_seconds, attempts=2, is_patched=True, is_slow=True)
    for name, answer in fast_answers().items():
        yield source("read", name, pages(answer), attempts=2)
        yield destination(name, rows(answer), attempts=2)
    yield documents("endless address of a document", None, attempts=2)
    for count in (50_000_000, 999_999, 99_999):
        yield source("read", f"pageCount {count}", pages(lambda path, count=count: page(path, count)))
    # The source reads some pages beyond the page count, and warns of the records that it does not see.
    yield source("read", "new records without end", pages(lambda path: page(path, 2)), must_fail=False)
    yield destination("input line without end", rows(Answer.of({})), input=lambda: iter(lambda: MEGABYTE, b""))
    huge = {"status": "Error", "errors": ["Comment is too long: " + "Zyxwana" * 28_000]}
    yield destination("reason of 200,000 letters", rows(Answer.of(huge)))
    yield destination("rejected row of 1.2 MB", rows(Answer.of(huge)), input=lambda: lines("vertraulich " * 100_000))


def source(command: str, name: str, answer: AnswerOf, **settings: Any) -> Attack:
    """Return an attack on the source, which reads the records of all forms with 8 workers."""
    chosen = configured_catalog(discovered_streams(), ["roster_records"], "incremental")
    return Attack(name, "source-powerschool-enrollment", command, answer, {"api_key": KEY}, chosen, **settings)


def documents(name: str, document: Answer | None, **settings: Any) -> Attack:
    """Return an attack on the source's download of a document; without one, the document's address has no end."""
    fields = [{"field": "doc_BirthCertificate"}]
    stream = {"name": "documents", "json_schema": {}, "supported_sync_modes": ["full_refresh"], "is_file_based": True}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append", "include_files": True}

    def answer(_: str, path: str) -> Answer:
        if "submissionrecords" in path:
            entry = {"id": 1, "dataItems": {"doc_BirthCertificate": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}}
            return Answer.of({"metaData": metadata(path, 1, 1, 1), "records": [entry]})
        if "/documents/" in path:
            return Answer(OK + b'\r\n"http', MEGABYTE) if document is None else Answer.of(urljoin(path, "/storage"))
        return document if document and path.endswith("/storage") else of_service(path)

    options = {"api_key": KEY, "documents": fields}
    return Attack(name, "source-powerschool-enrollment", "read", answer, options, {"streams": [chosen]}, **settings)


def destination(name: str, answer: AnswerOf, **settings: Any) -> Attack:
    """Return an attack on the destination, which writes one row."""
    options = {key: value for key, value in config(_Nowhere).items() if key != "base_url"}
    settings.setdefault("input", lambda: lines("vertraulich"))
    return Attack(name, "destination-powerschool-enrollment", "write", answer, options, catalog(), **settings)


class _Nowhere:
    base_url = ""


def lines(comment: str) -> Iterator[bytes]:
    """Yield one row and a state."""
    row = record({"StudentID": "777123", "FirstName": "Zyxwana", "Comment": comment})
    for message in (row, stream_state(1)):
        yield json.dumps(message).encode() + b"\n"


def pages(answer: Answer | Callable[[str], Answer]) -> AnswerOf:
    """Return a function that answers each request for records with this answer, and others as the service does."""

    def answer_to(_: str, path: str) -> Answer:
        if "records" not in path:
            return of_service(path)
        return answer if isinstance(answer, Answer) else answer(path)

    return answer_to


def rows(answer: Answer) -> AnswerOf:
    """Return a function that answers each row with this answer, and other requests as the service does."""
    return lambda method, path: answer if method == "POST" else of_service(path)


def of_service(path: str) -> Answer:
    """Answer as the service does: the forms, the import schemas of a form, and the test of the connection."""
    if path.endswith("/importschemas"):
        return Answer.of([{"id": 10, "title": "Roster", "fields": list(FIELDS)}])
    if path.endswith("/publishedactions"):
        return Answer.of([{"id": n, "title": "Form", "academicYear": "2026-2027"} for n in range(1, FORMS + 1)])
    return Answer.of({"Status": "Healthy"})


def page(path: str, count: int, size: int = 100) -> Answer:
    """Return a page with records that no other page shows."""
    first = metadata(path, 0, 0, 0)["page"] * size
    records = [{"id": first + place, "firstName": "Zyxwana", "dataItems": {"Grade": "4"}} for place in range(size)]
    return Answer.of({"metaData": metadata(path, size, count, max(count, 10**6) * size), "records": records})


def metadata(path: str, size: int, count: int, record_count: int) -> dict[str, int]:
    """Return the metadata of the page that the path names."""
    (number,) = re.findall(r"[?&]page=(\d+)", path)
    return {"page": int(number), "pageSize": size, "pageCount": count, "recordCount": record_count}
