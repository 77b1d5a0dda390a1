"""What an answer, or the lack of one, means. The one table both connectors obey.

| The service says | It means |
|---|---|
| 2xx with the body that is due | success |
| 401, 403, or any status whose message contains "not authorized" | KeyRefused |
| 3xx | WrongAddress (the key must not follow a redirect) |
| 404 | NotFound |
| 429 | SlowDown |
| 408, 5xx, HTML or an empty body where JSON is due | PassingFault |
| any other 4xx | RequestRefused |
| no connection | PassingFault that surely did not arrive |
| time-out, connection lost, body cut short | PassingFault that may have arrived |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from powerschool_enrollment_api.errors import (
    EnrollmentError,
    KeyRefused,
    NotFound,
    PassingFault,
    RequestRefused,
    SlowDown,
    WrongAddress,
)

_SMALL = 4096  # bytes; no error answer is longer, and no page of records that short needs a second look
_LONGEST_MESSAGE = 300


def failure_of(response: requests.Response, where: str) -> EnrollmentError | None:
    """Return what the status line and an error body mean; None is success, as far as they can tell."""
    status = response.status_code
    message = _service_message(response)
    if status in {401, 403} or "not authorized" in (message or "").lower():
        return KeyRefused("the API key was refused.", where, status, message)
    if status < 300:
        return None
    if status < 400:
        return WrongAddress("the address redirects elsewhere; redirects are not followed.", where, status)
    if status == 404:
        return NotFound("not found.", where, status, message)
    if status == 429:
        return SlowDown(
            "the service asks for fewer requests.",
            where,
            status,
            message,
            arrived=False,
            retry_after=_retry_after(response.headers),
        )
    if status == 408 or status >= 500:
        retry_after = _retry_after(response.headers)
        return PassingFault(
            f"the service failed with status {status}.", where, status, message, retry_after=retry_after
        )
    return RequestRefused(f"the service refused the request with status {status}.", where, status, message)


def failure_of_exception(error: requests.RequestException, where: str) -> EnrollmentError:
    """Return what a request without an answer means. The exception's own text is dropped: it holds the whole URL."""
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return WrongAddress("base_url is not an address that can be asked.", where)
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return WrongAddress("the server's certificate is not to be trusted.", where)
    if isinstance(error, requests.exceptions.ProxyError):
        return PassingFault("the proxy did not reach the service.", where, arrived=False)
    if _never_connected(error):
        return PassingFault("no server answers at the host of base_url.", where, arrived=False)
    if isinstance(error, requests.exceptions.Timeout):
        return PassingFault("the service did not answer in time.", where)
    return PassingFault("the connection was lost before the answer was complete.", where)


def json_of(response: requests.Response, where: str) -> Any:
    """Parse the body, with or without a byte order mark. Raises PassingFault if it is not JSON."""
    body = response.content.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)  # knows NaN, lone surrogates and numbers of any length, which orjson refuses
    except ValueError:
        kind = "an empty body" if not body.strip() else "HTML" if body.lstrip()[:1] == b"<" else "no valid JSON"
        raise PassingFault(
            f"the service answered with {kind} where JSON is due.", where, response.status_code
        ) from None


def _service_message(response: requests.Response) -> str | None:
    """Return the `message` of an error answer, shortened; None for anything that is not one."""
    if len(response.content) > _SMALL:
        return None
    try:
        payload = orjson.loads(response.content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    if isinstance(payload, dict):
        message = next((text for key, text in payload.items() if key.lower() == "message"), None)
        return message[:_LONGEST_MESSAGE] if isinstance(message, str) else None
    return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, which is a number of seconds or an HTTP date."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _never_connected(error: requests.RequestException) -> bool:
    reason = error.args[0].reason if error.args and isinstance(error.args[0], MaxRetryError) else None
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))
