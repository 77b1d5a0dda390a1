"""Uvicorn on a separate socket, in a thread beside a test or as the whole process."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from powerschool_enrollment_sandbox.app import Doorway
from powerschool_enrollment_sandbox.changes import Changes
from powerschool_enrollment_sandbox.clock import Clock
from powerschool_enrollment_sandbox.connection import TransportInScope
from powerschool_enrollment_sandbox.control import control_plane
from powerschool_enrollment_sandbox.district import District
from powerschool_enrollment_sandbox.faults import Faults
from powerschool_enrollment_sandbox.journal import Journal
from powerschool_enrollment_sandbox.routes import API_PATH
from powerschool_enrollment_sandbox.service import OnRequest, Service
from powerschool_enrollment_sandbox.settings import Settings, WireName

_START_BOUND = 20.0
_BACKLOG = 2048


@dataclass
class Sandbox:
    """A sandbox that runs in this process: its addresses, and everything in it, open to change."""

    root_url: str
    service: Service

    @property
    def base_url(self) -> str:
        """What a connector is configured with: `http://127.0.0.1:PORT/api/v1`."""
        return f"{self.root_url}{API_PATH}"

    @property
    def api_key(self) -> str:
        """The key it accepts."""
        return self.service.settings.api_key

    @property
    def settings(self) -> Settings:
        """How the service behaves, independent of the district."""
        return self.service.settings

    @property
    def clock(self) -> Clock:
        """What it takes for the time."""
        return self.service.clock

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self.service.faults

    @property
    def changes(self) -> Changes:
        """What changes while records are read."""
        return self.service.changes

    @property
    def journal(self) -> Journal:
        """Every request it saw."""
        return self.service.journal

    @property
    def district(self) -> District:
        """The live state; assign another district to start over without a new server."""
        return self.service.district

    @district.setter
    def district(self, district: District) -> None:
        self.service.district = district

    @property
    def on_request(self) -> OnRequest | None:
        """Called in the server's thread before each request of the API is answered."""
        return self.service.on_request

    @on_request.setter
    def on_request(self, hook: OnRequest | None) -> None:
        self.service.on_request = hook


@contextlib.contextmanager
def running_sandbox(  # noqa: PLR0913 - by keyword only
    *,
    district: District | None = None,
    wire: WireName = "observed",
    latency_ms: float = 0,
    api_key: str = Settings.api_key,
    host: str = "127.0.0.1",
    port: int = 0,
    **settings: Any,
) -> Iterator[Sandbox]:
    """A sandbox in a thread of this process; the default district unless one is given.

    Further keywords are those of `Settings`, such as `page_size_cap=100`.
    """
    chosen = Settings(api_key=api_key, wire=wire, latency_ms=latency_ms, **settings)
    service = Service(district or District.generate(), chosen)
    listening = listen(host, port)
    server = server_of(service)
    thread = threading.Thread(target=server.run, args=([listening],), name="sandbox", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield Sandbox(root_url(listening), service)
    finally:
        # Hanging requests are intended: the shutdown does not wait for them.
        server.should_exit = server.force_exit = True
        thread.join(_START_BOUND)


def server_of(service: Service) -> uvicorn.Server:
    """The server of a service, not started yet."""
    config = uvicorn.Config(
        Doorway(service, control_plane(service)),
        http=TransportInScope,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=0,
        server_header=False,
    )
    return _Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections at once, even before the server reads from them."""
    listening = socket.create_server((host, port), backlog=_BACKLOG)
    listening.setblocking(False)
    return listening


def root_url(listening: socket.socket) -> str:
    """`http://127.0.0.1:PORT`."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Leaves at once when it is asked to, cancelling what is under way."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # Uvicorn learns in the next turn of the loop that they are gone, and then has no complaints about
        # requests that end unanswered.
        await asyncio.sleep(0.01)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_BOUND
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("The sandbox did not start.")
        time.sleep(0.002)
