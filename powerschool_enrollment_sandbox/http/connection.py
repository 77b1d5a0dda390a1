"""The connection below a request, for faults that ASGI cannot express."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "sandbox.transport"
# Lingering for no seconds makes closing a reset: what the other side sees when a server dies.
_NO_LINGERING = struct.pack("ii", 1, 0)


class TransportInScope(HttpToolsProtocol):
    """Uvicorn's protocol, with the connection's transport among the scope's extensions."""

    def on_message_begin(self) -> None:
        """Start a request's scope."""
        super().on_message_begin()
        scope = cast("MutableMapping[str, Any]", self.scope)
        scope["extensions"] = {_EXTENSION: self.transport}


def reset(scope: MutableMapping[str, Any]) -> None:
    """Drop the connection at once, unanswered: the client sees `Connection reset by peer`."""
    transport = _transport(scope)
    connection = transport.get_extra_info("socket")
    # The client may have hung up first, and its socket be closed.
    with contextlib.suppress(OSError):
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()


def close_after_writing(scope: MutableMapping[str, Any]) -> None:
    """Close the connection when what was sent so far has gone out."""
    _transport(scope).close()


async def gone(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    """Wait until the connection is closed, which Uvicorn must know before the application returns."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: MutableMapping[str, Any]) -> asyncio.Transport:
    return cast("asyncio.Transport", scope["extensions"][_EXTENSION])
