"""The ASGI application. It records each request, applies faults, checks the API key and calls the endpoint."""

import asyncio
import base64
import functools
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from powerschool_enrollment_sandbox.http.connection import (
    close_after_writing,
    reset,
    wait_until_closed,
    write_and_close,
)
from powerschool_enrollment_sandbox.http.corrupt_body import corrupted
from powerschool_enrollment_sandbox.http.faults import Fault
from powerschool_enrollment_sandbox.http.journal import JournalEntry
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, with_text_ids
from powerschool_enrollment_sandbox.http.routes import API, API_PATH, OPEN, Table
from powerschool_enrollment_sandbox.http.service import Call, OnAnswer, Service

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_OK = range(200, 300)
_REFUSED = "You are not authorized to access this resource."


class SandboxApp:
    """Answers requests to the API and the document storage, and forwards `/sandbox` to the control plane."""

    def __init__(self, service: Service, control: Application) -> None:
        self._service = service
        self._control = control
        self._api, self._open = Table(*API), Table(*OPEN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/sandbox"):
            await self._control(scope, receive, send)
            return
        path = scope["path"].removeprefix(API_PATH)
        authorization = _header(scope, b"authorization")
        entry = self._service.journal.begin(
            scope["method"], path, scope["query_string"].decode(), authorization=authorization is not None
        )
        try:
            await self._respond(scope, receive, send, entry, authorization)
        except asyncio.CancelledError:
            # The server is stopping and has closed this connection.
            return
        finally:
            self._service.journal.end(entry)

    async def _respond(
        self, scope: Scope, receive: Receive, send: Send, entry: JournalEntry, authorization: bytes | None
    ) -> None:
        body = await _body(receive) if entry.method != "GET" else b""
        faults = self._service.faults.for_request(entry.method, entry.path)
        entry.fault = "+".join(fault.kind for fault in faults)
        await self._wait(faults)
        replacement = next((fault for fault in faults if fault.kind in ("status", "drop", "hang")), None)
        answer = None
        if replacement is None or replacement.after_acting:
            answer = self._answer(scope, entry, authorization, body)
        if replacement and replacement.kind == "status":
            answer = replacement.answer()
        elif replacement:
            await asyncio.sleep(replacement.seconds)
            answer = None
        if answer is None:
            reset(scope)
            await wait_until_closed(receive)
            return
        entry.status = answer.status
        answer = self._with_headers(corrupted(answer, faults))
        response = self._service.on_response(entry, answer) if self._service.on_response else answer
        if isinstance(response, bytes):
            write_and_close(scope, response)
            await wait_until_closed(receive)
        else:
            await _send(response, scope, receive, send, faults)

    def _with_headers(self, answer: Answer) -> Answer:
        date = format_datetime(self._service.clock.now(), usegmt=True)
        return replace(answer, headers={"Date": date, **self._service.settings.headers, **answer.headers})

    async def _wait(self, faults: list[Fault]) -> None:
        seconds = self._service.settings.latency_ms / 1000
        seconds += sum(fault.seconds for fault in faults if fault.kind == "delay")
        if seconds:
            await asyncio.sleep(seconds)

    def _answer(self, scope: Scope, entry: JournalEntry, authorization: bytes | None, body: bytes) -> Answer:
        try:
            answer = self._act(scope, entry, authorization, body)
        except Refusal as refusal:
            return refusal.answer
        entry.acted = answer.status in _OK
        return answer

    def _act(self, scope: Scope, entry: JournalEntry, authorization: bytes | None, body: bytes) -> Answer:
        service = self._service
        of_api = entry.path != scope["path"]
        if of_api and not _authorized(authorization, service.settings.api_key):
            raise Refusal(service.settings.refusal_status, _REFUSED)
        endpoint, parameters = (self._api if of_api else self._open).find(entry.method, entry.path)
        entry.route = endpoint.path
        if service.on_request:
            service.on_request(entry)
        answer = endpoint.handler(service, Call(entry, parameters, _query(entry.query), body, _root_url(scope)))
        if service.settings.ids_as_text:
            answer = with_text_ids(answer)
        return _rewritten(answer, entry, service.on_answer) if service.on_answer else answer


def _rewritten(answer: Answer, entry: JournalEntry, on_answer: OnAnswer) -> Answer:
    try:
        content = on_answer(entry, orjson.loads(answer.body))
    except orjson.JSONDecodeError:
        return answer
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return replace(answer, body=body)


async def _send(answer: Answer, scope: Scope, receive: Receive, send: Send, faults: list[Fault]) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
    partial_fault = next((fault for fault in faults if fault.kind in ("truncate", "trickle")), None)
    if not answer.body or partial_fault is None:
        await send({"type": "http.response.body", "body": answer.body})
    elif partial_fault.kind == "trickle":
        await _trickle(answer.body, partial_fault.seconds, receive, send)
    else:
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        close_after_writing(scope)
        await wait_until_closed(receive)


async def _trickle(body: bytes, seconds: float, receive: Receive, send: Send) -> None:
    disconnect = asyncio.ensure_future(wait_until_closed(receive))
    try:
        for end in range(1, len(body) + 1):
            await send({"type": "http.response.body", "body": body[end - 1 : end], "more_body": end < len(body)})
            if (await asyncio.wait([disconnect], timeout=seconds))[0]:
                return
    finally:
        disconnect.cancel()


@functools.lru_cache(maxsize=64)
def _authorized(authorization: bytes | None, api_key: str) -> bool:
    """Check basic authentication: the API key is the user name, and the password is empty."""
    scheme, _, credentials = (authorization or b"").partition(b" ")
    try:
        given = base64.b64decode(credentials, validate=True).decode()
    except ValueError:  # not base64, or not UTF-8 once decoded
        return False
    return scheme.lower() == b"basic" and given == f"{api_key}:"


def _query(query: str) -> dict[str, str]:
    return {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}


def _header(scope: Scope, name: bytes) -> bytes | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value for header, value in headers if header == name), None)


def _root_url(scope: Scope) -> str:
    host = _header(scope, b"host") or b"localhost"
    return f"{scope['scheme']}://{host.decode()}"


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
