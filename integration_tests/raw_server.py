"""An HTTP server that sends raw bytes: an answer may have no end, or may not be valid HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import Self, override


@dataclass(frozen=True)
class Answer:
    """`head` is sent once, then `piece` again and again, with `pause` seconds between, until the client disconnects.

    Without a piece, the answer ends after its head.
    """

    head: bytes
    piece: bytes | None = None
    pause: float = 0.0

    @classmethod
    def of(cls, payload: Any, status: str = "200 OK", *headers: str) -> Answer:
        """Return a complete answer with this payload as JSON; bytes are sent unchanged."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
        return cls("\r\n".join([*lines, "", ""]).encode() + body)


class RawServer:
    """Answers each request with what `answer` returns for its method and URL. `requests` counts them."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        self.requests = 0
        self.answer = answer
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    @override
    def handle_error(self, *_: object) -> None:
        """Ignore that a client disconnected."""


def _handler(server: RawServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.requests += 1
            answer = server.answer(self.command, f"http://{self.headers['Host']}{self.path}")
            with suppress(OSError):
                self.wfile.write(answer.head)
                while answer.piece is not None and not server.closing.wait(answer.pause):
                    self.wfile.write(answer.piece)

        def do_POST(self) -> None:
            self.do_GET()

        def do_CONNECT(self) -> None:
            self.do_GET()

        @override
        def log_message(self, *_: object) -> None:
            pass

    return Handler
