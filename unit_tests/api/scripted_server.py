"""A server whose answers are written in a test, byte by byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """A request as the server received it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def http_answer(body: bytes, status: str = "200 OK", *headers: str, claimed_length: int | None = None) -> bytes:
    """Return the bytes of an answer. `claimed_length` is a false Content-Length."""
    length = len(body) if claimed_length is None else claimed_length
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {length}", *headers, "", ""]).encode() + body


# In a script, these make the server wait, or close the connection, without an answer.
HANG, DROP = b"hang", b"drop"


@dataclass
class ScriptedServer:
    """Listens on a free loopback port, and sends the answers of `script` in order. The last one is repeated."""

    script: list[bytes] = field(default_factory=lambda: [http_answer(b"{}")])
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
                    return  # not HTTP, but a TLS handshake
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
                if not _is_complete(reply):
                    return


def _is_complete(reply: bytes) -> bool:
    head, _, body = reply.partition(b"\r\n\r\n")
    return b"Content-Length: %d\r" % len(body) in head + b"\r"
