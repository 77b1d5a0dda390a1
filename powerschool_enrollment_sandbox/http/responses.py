"""Answers of the service, independent of the HTTP server."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

_NO_CONTENT = 204
_NUMERIC_ID = re.compile(rb'("id"): ?([0-9]+)')  # no text can contain it: its quotation marks would be escaped


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of a response."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers in the format of ASGI."""
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        if self.status == _NO_CONTENT:
            return headers
        return [
            (b"content-type", self.content_type.encode()),
            (b"content-length", b"%d" % len(self.body)),
            *headers,
        ]


class Refusal(Exception):
    """Raised to answer a request with an error status and the documented body, `{"message": ...}`."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.answer = json_answer({"message": message, **more}, status, headers)


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status, orjson.dumps(content), headers=dict(headers or {}))


def text_answer(text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Answer:
    """Return an answer with a text body."""
    return Answer(status, text.encode(), content_type)


def with_text_ids(answer: Answer) -> Answer:
    """Return the JSON answer with its numeric ids as strings."""
    return replace(answer, body=_NUMERIC_ID.sub(rb'\1:"\2"', answer.body))


def no_content() -> Answer:
    """Return an empty answer with status 204."""
    return Answer(_NO_CONTENT)
