"""A stand-in for the service, for tests of writing: it sends the replies that a test sets, and records each request."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import Self

FIELDS = ("StudentID", "FirstName", "LastName", "DateOfBirth", "Grade", "Comment")
SUCCESS = {"status": "Success", "errors": []}


@dataclass
class Arrival:
    """One POST. `attempt` counts equal POSTs from 1; `answered` is when its reply was ready, and None until then."""

    path: str
    body: dict[str, Any]
    started: float
    attempt: int
    answered: float | None = None


@dataclass
class Reply:
    """A reply. `body`: None is an empty body, a str is sent unchanged, others as JSON. `drop`: close the connection."""

    status: int = 200
    body: Any = field(default_factory=lambda: SUCCESS)
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


class StandIn:
    """A server with the forms 1 to 3, each with one import schema (10, 20, 30).

    `answer` returns the reply to each POST. `gets` has replies to GETs, by path, that replace the usual ones.
    """

    def __init__(self) -> None:
        self.answer: Callable[[Arrival], Reply] = lambda _arrival: Reply()
        self.gets: dict[str, Reply] = {}
        self.roster: list[dict[str, Any]] = []
        self.arrivals: list[Arrival] = []
        self.get_paths: list[str] = []
        self._attempts: dict[str, itertools.count] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/api/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def answered(self) -> list[dict[str, Any]]:
        """The bodies of the POSTs whose answers were ready, in that order."""
        done = [arrival for arrival in self.arrivals if arrival.answered is not None]
        return [arrival.body for arrival in sorted(done, key=lambda arrival: arrival.answered)]

    def get(self, path: str) -> Reply:
        self.get_paths.append(path)
        bare, _, query = path.removeprefix("/api/v1").partition("?")
        if bare in self.gets:
            return self.gets[bare]
        if bare == "/connection/test":
            return Reply(body={"Status": "Healthy"})
        if bare == "/publishedactions":
            return Reply(body=[{"id": n, "title": f"Form {n}", "academicYear": "2026-2027"} for n in (1, 2, 3)])
        if bare.endswith("/importschemas"):
            form = int(bare.split("/")[2])
            return Reply(body=[{"id": form * 10, "title": "Roster", "fields": list(FIELDS)}])
        if bare.endswith("/rosterrecords"):
            return Reply(body=self._page(int(query.split("page=")[1].split("&")[0])))
        return Reply(404, {"message": "No such resource."})

    def post(self, path: str, body: dict[str, Any]) -> Reply:
        with self._lock:
            attempts = self._attempts.setdefault(json.dumps([path, body]), itertools.count(1))
            arrival = Arrival(path.removeprefix("/api/v1"), body, time.monotonic(), next(attempts))
            self.arrivals.append(arrival)
        reply = self.answer(arrival)
        time.sleep(reply.delay)
        arrival.answered = time.monotonic()
        return reply

    def _page(self, number: int, size: int = 50) -> dict[str, Any]:
        records = self.roster[(number - 1) * size : number * size]
        count = len(self.roster)
        metadata = {"page": number, "pageSize": size, "pageCount": -(-count // size), "recordCount": count}
        return {"metaData": metadata, "records": records}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_args: object) -> None:
        """Ignore that a client disconnected."""


def _handler(service: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._reply(service.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._reply(service.post(self.path, body))

        def _reply(self, reply: Reply) -> None:
            if reply.drop:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            text = reply.body if isinstance(reply.body, str) else "" if reply.body is None else json.dumps(reply.body)
            content = text.encode()
            headers = {"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(content))}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self.wfile.write(f"HTTP/1.1 {reply.status} x\r\n{head}\r\n".encode() + content)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler
