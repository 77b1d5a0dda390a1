"""A sandbox that runs in a thread of this process, and the server that it shares with the command."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from powerschool_enrollment_sandbox.control.routes import control_plane
from powerschool_enrollment_sandbox.district.changes import Changes
from powerschool_enrollment_sandbox.district.clock import Clock
from powerschool_enrollment_sandbox.district.district import District
from powerschool_enrollment_sandbox.http.app import SandboxApp
from powerschool_enrollment_sandbox.http.faults import Faults
from powerschool_enrollment_sandbox.http.journal import Journal
from powerschool_enrollment_sandbox.http.routes import API_PATH
from powerschool_enrollment_sandbox.http.server import listen, root_url, server_of, wait_until_started
from powerschool_enrollment_sandbox.http.service import OnAnswer, OnRequest, OnResponse, Service
from powerschool_enrollment_sandbox.settings import Settings, WireName

_STOP_TIMEOUT = 20.0


@dataclass
class Sandbox:
    """A running sandbox in this process. Tests read and change its parts while it runs."""

    root_url: str
    service: Service

    @property
    def base_url(self) -> str:
        """The `base_url` for a connector's configuration: `http://127.0.0.1:PORT/api/v1`."""
        return f"{self.root_url}{API_PATH}"

    @property
    def api_key(self) -> str:
        """The API key that the sandbox accepts."""
        return self.service.settings.api_key

    @property
    def settings(self) -> Settings:
        """The settings, which do not depend on the district."""
        return self.service.settings

    @property
    def clock(self) -> Clock:
        """The clock of the service."""
        return self.service.clock

    @property
    def faults(self) -> Faults:
        """The active faults."""
        return self.service.faults

    @property
    def changes(self) -> Changes:
        """The active changes of records during a read."""
        return self.service.changes

    @property
    def journal(self) -> Journal:
        """Every request that the server received."""
        return self.service.journal

    @property
    def district(self) -> District:
        """The current data. Assign another district to start over with the same server."""
        return self.service.district

    @district.setter
    def district(self, district: District) -> None:
        self.service.district = district

    @property
    def on_request(self) -> OnRequest | None:
        """A function that is called before a request is answered: see `Service.on_request`."""
        return self.service.on_request

    @on_request.setter
    def on_request(self, hook: OnRequest | None) -> None:
        self.service.on_request = hook

    @property
    def on_answer(self) -> OnAnswer | None:
        """A function that replaces the JSON of each successful API answer; bytes are sent as they are."""
        return self.service.on_answer

    @on_answer.setter
    def on_answer(self, hook: OnAnswer | None) -> None:
        self.service.on_answer = hook

    @property
    def on_response(self) -> OnResponse | None:
        """A function that replaces each answer, with status and headers; bytes are sent as the raw HTTP answer."""
        return self.service.on_response

    @on_response.setter
    def on_response(self, hook: OnResponse | None) -> None:
        self.service.on_response = hook


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
    """Run a sandbox in a thread of this process, with the default district unless one is given.

    Further keywords are fields of `Settings`, such as `page_size_cap=100`.
    """
    chosen = Settings(api_key=api_key, wire=wire, latency_ms=latency_ms, **settings)
    service = Service(district or District.generate(), chosen)
    listening = listen(host, port)
    server = server_of(application(service))
    thread = threading.Thread(target=server.run, args=([listening],), name="sandbox", daemon=True)
    thread.start()
    try:
        wait_until_started(server, thread)
        yield Sandbox(root_url(listening), service)
    finally:
        # Faults make requests hang on purpose, so the shutdown does not wait for them.
        server.should_exit = server.force_exit = True
        thread.join(_STOP_TIMEOUT)


def application(service: Service) -> SandboxApp:
    """Return the ASGI application of a service: the API, the document storage and the control plane."""
    return SandboxApp(service, control_plane(service))
