"""Builders of responses and clients, and a scripted server, for the tests of the API package."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from powerschool_enrollment_api import Client, ConnectionSettings, Timeouts
from unit_tests.api.scripted_server import ScriptedServer

KEY = "the-key-of-a-district"
BASE_URL = "https://enrollment.example/api/v1"


class VirtualTime:
    """A clock that advances only by sleeping. Each thread has a separate time, so scheduling changes no outcome."""

    def __init__(self) -> None:
        self._of_thread = threading.local()
        self.slept: list[float] = []

    def clock(self) -> float:
        return getattr(self._of_thread, "now", 1000.0)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self._of_thread.now = self.clock() + seconds


@pytest.fixture
def virtual_time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def answer() -> Callable[..., requests.Response]:
    """Return a function that builds a received answer. A body that is not bytes is written as JSON."""

    def build(status: int = 200, body: Any = b"{}", headers: Mapping[str, str] | None = None) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response.headers.update(headers or {})
        return response

    return build


@pytest.fixture
def client_for(virtual_time: VirtualTime) -> Callable[..., Client]:
    """Return a function that builds a client which waits in virtual time."""

    def build(base_url: str = BASE_URL, *, timeouts: Timeouts | None = None, **options: Any) -> Client:
        settings = ConnectionSettings(**{"api_key": KEY, "base_url": base_url, **options})
        timeouts = timeouts or Timeouts(connect=5, read=5, retries=600)
        return Client(settings, timeouts=timeouts, sleep=virtual_time.sleep, clock=virtual_time.clock)

    return build


@pytest.fixture
def client(client_for: Callable[..., Client]) -> Client:
    return client_for()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Remove the variables for proxies and certificates, and return a function that sets some."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def set_variables(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))

    return set_variables
