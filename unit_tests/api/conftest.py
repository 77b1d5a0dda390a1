"""Builders of answers, clients and servers for the tests of the API package."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from powerschool_enrollment_api import Client, ConnectionSettings, Timeouts

KEY = "the-key-of-a-district"
BASE_URL = "https://enrollment.example/api/v1"


class VirtualTime:
    """A clock that only sleeping moves, for each thread its own, so that no schedule changes a test's outcome."""

    def __init__(self) -> None:
        self._own = threading.local()
        self.slept: list[float] = []

    def clock(self) -> float:
        return getattr(self._own, "now", 1000.0)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self._own.now = self.clock() + seconds


@pytest.fixture
def virtual_time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def answer() -> Callable[..., requests.Response]:
    """Build an answer as the classification sees it; a body that is not bytes is written as JSON."""

    def build(status: int = 200, body: Any = b"{}", headers: Mapping[str, str] | None = None) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response.headers.update(headers or {})
        return response

    return build


@pytest.fixture
def client_for(virtual_time: VirtualTime) -> Callable[..., Client]:
    """Build a client that waits in virtual time."""

    def build(base_url: str = BASE_URL, *, timeouts: Timeouts | None = None, **options: Any) -> Client:
        settings = ConnectionSettings(**{"api_key": KEY, "base_url": base_url, **options})
        timeouts = timeouts or Timeouts(connect=5, read=5, retries=600)
        return Client(settings, timeouts=timeouts, sleep=virtual_time.sleep, clock=virtual_time.clock)

    return build


@pytest.fixture
def client(client_for: Callable[..., Client]) -> Client:
    return client_for()


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def http(body: bytes, status: str = "200 OK", *headers: str, claimed_length: int | None = None) -> bytes:
    """Write an answer; `claimed_length` is a false Content-Length."""
    length = len(body) if claimed_length is None else claimed_length
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {length}", *headers, "", ""]).encode() + body


HANG = b"hang"
DROP = b"drop"


@dataclass
class ScriptedServer:
    """Listens on a free loopback port and answers request after request from a script; its last line repeats."""

    script: list[bytes] = field(default_factory=lambda: [http(b"{}")])
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def answers(self, *script: bytes) -> None:
        self.script = list(script)

    def close(self) -> None:
        self._closing.set()
        self._socket.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as incoming:
            while head := incoming.readline():
                if not head.isascii():
                    return  # no HTTP: a TLS handshake
                method, target, _ = head.decode().split(" ", 2)
                headers = {}
                while (line := incoming.readline().strip()) != b"":
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                body = incoming.read(int(headers.get("content-length", 0)))
                with self._lock:
                    self.received.append(Received(method, target, headers, body))
                    reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                if reply == HANG:
                    self._closing.wait()
                if reply in {HANG, DROP}:
                    return
                connection.sendall(reply)
                if not _is_whole(reply):
                    return


def _is_whole(reply: bytes) -> bool:
    head, _, body = reply.partition(b"\r\n\r\n")
    return b"Content-Length: %d\r" % len(body) in head + b"\r"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def wire() -> Callable[..., bytes]:
    """Write an answer as bytes on the wire."""
    return http


@pytest.fixture
def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set exactly these environment variables for proxies and certificates."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def set_variables(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))

    return set_variables
