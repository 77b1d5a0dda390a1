"""What the service answers, before it goes on the wire."""

from dataclasses import dataclass, field
from typing import Any

import orjson

_NO_CONTENT = 204


@dataclass(frozen=True)
class Answer:
    """A status, a body and their headers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers for ASGI."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        if self.status == _NO_CONTENT:
            return headers
        return [
            (b"content-type", self.content_type.encode()),
            (b"content-length", b"%d" % len(self.body)),
            *headers,
        ]


class Refusal(Exception):
    """The request is answered with an error status and the documented body, `{"message": ...}`."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.answer = json_answer({"message": message, **more}, status)


def json_answer(content: Any, status: int = 200) -> Answer:
    """An answer of JSON."""
    return Answer(status, orjson.dumps(content))


def text_answer(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Answer:
    """An answer of bare text."""
    return Answer(status, text.encode(), content_type)


def no_content() -> Answer:
    """204, as `resetbatch` answers."""
    return Answer(_NO_CONTENT)
