"""Limits the time and the size of each answer.

The time-outs of requests limit a single wait for bytes. A service that sends one byte per second, one header per
second or `100 Continue` without end would block a thread forever. So both limits are checked where http.client reads
from the socket: the answer of a proxy, status lines, headers, sizes of chunks and the body all pass there.
"""

from __future__ import annotations

import io
import socket
import time
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import Buffer, override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from powerschool_enrollment_api.errors import AnswerTooLarge, TemporaryFailure

# With a larger limit, a connector that receives endless answers would exceed 300 MB: it takes 90 MB itself, and the
# small bodies of 8 workers take 32 MB. A page of 1,000 long records has 30 MB, a large batch 100 MB. Parsed, they take
# several times that.
LARGEST_ANSWER = 128 * 1024 * 1024
ACCEPTED_ENCODINGS = "gzip, deflate"
_KEY = "limits"  # the attribute of a response that holds its limits


class Limits:
    """The moment by which one answer must be complete, and the number of bytes that it may have on the wire."""

    def __init__(self, seconds: float, limit: float) -> None:
        self.seconds = seconds
        self.limit = limit
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds until the deadline, negative after it."""
        return self._end - time.monotonic()

    def fault(self) -> TemporaryFailure:
        """Return the error for an answer that is not complete at its deadline."""
        return TemporaryFailure(f"the answer was not complete within {self.seconds:g} s.")


# Set while a request is sent, and read by the connection that is used for it, in the same thread.
_limits: ContextVar[Limits] = ContextVar("_limits")


class LimitedAdapter(HTTPAdapter):
    """Sends requests whose answers must be complete within `seconds`, and have `limit` bytes at most on the wire."""

    def __init__(self, seconds: float, limit: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._seconds = seconds
        self._limit = LARGEST_ANSWER if limit is None else limit

    @override
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Create the connection pools."""
        super().init_poolmanager(*arguments, **options)
        _limit(self.poolmanager)

    @override
    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        """Return the connection pools of a proxy."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        _limit(manager)
        return manager

    @override
    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send the request, and return the answer. If it exceeds a limit, raises TemporaryFailure without `where`."""
        limits = Limits(self._seconds, self._limit)
        token = _limits.set(limits)
        try:
            response = super().send(request, *arguments, **options)
        finally:
            _limits.reset(token)
        vars(response)[_KEY] = limits
        return response


def limits_of(response: requests.Response) -> Limits:
    """Return the limits of an answer that a LimitedAdapter returned."""
    limits: Limits = vars(response)[_KEY]
    return limits


def stated_length(response: requests.Response) -> float:
    """Return the number of bytes in `Content-Length`, which may be infinite; 0 if it is not a number."""
    text = response.headers.get("Content-Length", "")
    return float(text) if text.isascii() and text.isdigit() else 0  # int refuses more than 4,300 digits


def _limit(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _LimitedHttpPool, "https": _LimitedHttpsPool}


def refuse_larger(size: float, limit: float) -> None:
    """Raise AnswerTooLarge without `where` if the size exceeds the limit, both in bytes."""
    if size > limit:
        raise AnswerTooLarge(f"the answer is larger than {limit // 1024**2:.0f} MiB.")


class _LimitedFile(io.RawIOBase):
    """The socket's file, from which http.client reads one answer, with a deadline and a size limit."""

    def __init__(self, file: io.RawIOBase, connection: socket.socket, limits: Limits) -> None:
        self._file = file
        self._connection = connection
        self._limits = limits
        self._read_timeout = connection.gettimeout()
        self._size = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer) -> int | None:
        remaining = self._limits.remaining()
        if remaining <= 0:
            raise self._limits.fault()
        if self._read_timeout is None or remaining < self._read_timeout:
            self._connection.settimeout(remaining)
        try:
            size = self._file.readinto(buffer)
        except TimeoutError:
            if self._limits.remaining() <= 0:
                raise self._limits.fault() from None
            raise
        self._size += size or 0
        refuse_larger(self._size, self._limits.limit)
        return size

    @override
    def close(self) -> None:
        super().close()
        self._file.close()


class _LimitedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_LimitedFile(self.fp.detach(), sock, _limits.get()))


class _LimitedHttpConnection(HTTPConnection):
    response_class = _LimitedResponse


class _LimitedHttpsConnection(HTTPSConnection):
    response_class = _LimitedResponse


class _LimitedHttpPool(HTTPConnectionPool):
    ConnectionCls = _LimitedHttpConnection


class _LimitedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _LimitedHttpsConnection
