"""The Uvicorn server of the sandbox, and its socket."""

import asyncio
import socket
import threading
import time

import uvicorn

from powerschool_enrollment_sandbox.http.app import Application
from powerschool_enrollment_sandbox.http.connection import TransportInScope

_START_TIMEOUT = 20.0
_BACKLOG = 2048


def server_of(application: Application) -> uvicorn.Server:
    """Return a server of the application, which is not started yet."""
    config = uvicorn.Config(
        application,
        http=TransportInScope,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=0,
        server_header=False,
        date_header=False,  # the application sends the date of the sandbox's clock
    )
    return _Server(config)


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that accepts connections even before the server is started."""
    listening = socket.create_server((host, port), backlog=_BACKLOG)
    listening.setblocking(False)
    return listening


def root_url(listening: socket.socket) -> str:
    """Return the address of a socket, such as `http://127.0.0.1:8765`."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """A server that stops immediately: it cancels running requests and does not wait for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # Uvicorn handles the closed connections in the next iteration of the event loop. After that it logs no
        # error for requests that end without an answer.
        await asyncio.sleep(0.01)
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    """Wait until the server accepts requests. Raises RuntimeError if it does not start."""
    deadline = time.monotonic() + _START_TIMEOUT
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("The sandbox did not start.")
        time.sleep(0.002)
