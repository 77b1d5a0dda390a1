"""Access to the TCP connection of a request, for faults that ASGI cannot express."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "sandbox.transport"
# With SO_LINGER on and a timeout of 0, closing sends a TCP reset, as when a server crashes.
_NO_LINGERING = struct.pack("ii", 1, 0)


class TransportInScope(HttpToolsProtocol):
    """Uvicorn's protocol, which adds the transport of the connection to the scope's extensions."""

    def on_message_begin(self) -> None:
        """Start a request's scope."""
        super().on_message_begin()
        scope = cast("MutableMapping[str, Any]", self.scope)
        scope["extensions"] = {_EXTENSION: self.transport}


def reset(scope: MutableMapping[str, Any]) -> None:
    """Reset the connection without an answer. The client reports `Connection reset by peer`."""
    transport = _transport(scope)
    connection = transport.get_extra_info("socket")
    # The socket is already closed if the client has disconnected first.
    with contextlib.suppress(OSError):
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()


def close_after_writing(scope: MutableMapping[str, Any]) -> None:
    """Close the connection after everything sent so far is written."""
    _transport(scope).close()


def write_and_close(scope: MutableMapping[str, Any], raw: bytes) -> None:
    """Write bytes in place of an answer, which need not be HTTP, and close the connection."""
    _transport(scope).write(raw)
    close_after_writing(scope)


async def wait_until_closed(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    """Wait until the connection is closed. Uvicorn must know that before the application returns."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: MutableMapping[str, Any]) -> asyncio.Transport:
    return cast("asyncio.Transport", scope["extensions"][_EXTENSION])
