"""Reads the bodies of answers: each with one copy in memory, and only one large body at a time."""

from __future__ import annotations

import io
import threading

import requests
from typing_extensions import Self

from powerschool_enrollment_api import answer_limits
from powerschool_enrollment_api.answer_limits import limits_of, refuse_larger, stated_length
from powerschool_enrollment_api.errors import TemporaryFailure

_LARGEST_SMALL = 4 * 1024 * 1024  # bytes; a page of 100 long records has 3 MB
_CHUNK = 64 * 1024  # small: zlib copies what is left of a chunk for each member of a gzip body
_UNLIMITED_ENCODINGS = ("br", "zstd", ",")  # urllib3 expands these without a memory limit; a comma means several


class BodyReader:
    """Reads the bodies of a client's answers.

    A body that is larger than _LARGEST_SMALL waits until no other large body is being read. Otherwise each worker could
    hold a body of the largest size.
    """

    def __init__(self) -> None:
        self._large_body = threading.Lock()

    def read(self, response: requests.Response) -> None:
        """Read the whole body of a streamed answer into `response.content`.

        Raises AnswerTooLarge, or TemporaryFailure for a compression that was not requested or a deadline that has
        passed; all without `where`.
        """
        with response:
            if any(unlimited in _encoding(response) for unlimited in _UNLIMITED_ENCODINGS):
                raise TemporaryFailure("the answer is compressed in a way that was not requested.")
            refuse_larger(stated_length(response), answer_limits.LARGEST_ANSWER)
            body = self._body(response)
        response._content = body  # noqa: SLF001 - as `content` itself would set it, but without a limit

    def _body(self, response: requests.Response) -> bytes:
        """Return the body. BytesIO grows in place, and returns its memory without a copy."""
        length = 0 if "Transfer-Encoding" in response.headers else stated_length(response)
        # An answer of a known length is read in one piece: joining chunks takes as long as reading them.
        chunks = response.iter_content(_CHUNK if _encoding(response) else int(max(length, _CHUNK)))
        with _Turn(self._large_body, response) as turn:
            if length > _LARGEST_SMALL:
                turn.take()
            with io.BytesIO(next(chunks, b"")) as body:
                body.seek(0, io.SEEK_END)
                for chunk in chunks:
                    refuse_larger(body.tell() + len(chunk), answer_limits.LARGEST_ANSWER)
                    body.write(chunk)
                    if body.tell() > _LARGEST_SMALL:
                        turn.take()
                return body.getvalue()


class _Turn:
    """The turn to read a large body. Once taken, it ends with the context."""

    def __init__(self, large_body: threading.Lock, response: requests.Response) -> None:
        self._large_body = large_body
        self._response = response
        self._is_taken = False

    def __enter__(self) -> Self:
        return self

    def take(self) -> None:
        """Wait until no other large body is being read. Raises TemporaryFailure at the answer's deadline."""
        if self._is_taken:
            return
        limits = limits_of(self._response)
        if not self._large_body.acquire(timeout=max(0, limits.remaining())):
            raise limits.fault()
        self._is_taken = True

    def __exit__(self, *_: object) -> None:
        if self._is_taken:
            self._large_body.release()


def _encoding(response: requests.Response) -> str:
    return response.headers.get("Content-Encoding", "").lower()
