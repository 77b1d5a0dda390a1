"""Maps the service's answers to errors, for both connectors. `connection_errors` maps requests without an answer.

| The service answers | Meaning |
|---|---|
| 2xx with the expected body | success |
| 401, 403 without `Retry-After`, or any status whose message contains "not authorized" | KeyRefused |
| 302, 303, 307, at an address that worked before | Redirected (the key must not follow a redirect) |
| any other 3xx | WrongAddress |
| 404 | NotFound |
| 429, or 403 with `Retry-After` | RateLimited |
| 408, 5xx, HTML, an empty body or half a body where JSON is expected | TemporaryFailure |
| a complete body that begins like JSON and is not JSON | BrokenAnswer; the same body again: UnexpectedAnswer |
| any other 4xx | RequestRefused |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests

from powerschool_enrollment_api.errors import (
    BrokenAnswer,
    EnrollmentError,
    KeyRefused,
    NotFound,
    RateLimited,
    Redirected,
    RequestRefused,
    TemporaryFailure,
    WrongAddress,
)
from powerschool_enrollment_api.json_body import InvalidJson, Repairs, parse_json

_TEMPORARY_REDIRECTS = {302, 303, 307}
_SMALL = 4096  # bytes; error answers are shorter, and parsing an answer that short twice costs little
_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)
_LONGEST_MESSAGE = 300
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BEGINNINGS_OF_JSON = (b"{", b"[", b'"')


def failure_of(response: requests.Response, where: str, *, has_worked: bool = False) -> EnrollmentError | None:
    """Return the error for the answer's status and error body; None for a success.

    `has_worked`: this address is the service's, because it answered an earlier request.
    """
    status = response.status_code
    message = _service_message(response)
    says_not_authorized = "not authorized" in (message or "").lower()
    # Gateways use status 403 as a rate limit, too. Only `Retry-After` distinguishes it from a refused key.
    is_rate_limit = status == 429 or (status == 403 and "Retry-After" in response.headers)
    if says_not_authorized or (status in {401, 403} and not is_rate_limit):
        return KeyRefused(_refusal(response), where, status, message)
    if status < 300:
        return None
    if status < 400:
        is_temporary = has_worked and status in _TEMPORARY_REDIRECTS
        kind = Redirected if is_temporary else WrongAddress
        return kind("the address redirects elsewhere; redirects are not followed.", where, status)
    if status == 404:
        return NotFound("not found.", where, status, message)
    if is_rate_limit:
        return RateLimited(
            "the service asks for fewer requests.",
            where,
            status,
            message,
            arrived=False,
            retry_after=_retry_after(response.headers),
        )
    if status == 408 or status >= 500:
        retry_after = _retry_after(response.headers)
        return TemporaryFailure(
            f"the service failed with status {status}.", where, status, message, retry_after=retry_after
        )
    return RequestRefused(f"the service refused the request with status {status}.", where, status, message)


def json_of(response: requests.Response, where: str) -> tuple[Any, Repairs]:
    """Return the parsed body, which can be written as JSON again, and what was repaired in it: see `json_body`.

    Raises BrokenAnswer if it is not valid JSON, TemporaryFailure if it was cut short or does not begin like JSON.
    """
    charset = _CHARSET.search(response.headers.get("Content-Type", ""))
    try:
        return parse_json(response.content, charset[1] if charset else None)
    except InvalidJson as error:
        raise _failure_of_body(response, where, error) from None


def text_of(response: requests.Response, where: str) -> str:
    """Return the body as text. Raises TemporaryFailure if it is empty or HTML: the service itself sends neither."""
    text = response.content.decode("utf-8-sig", errors="replace")
    if not text.strip() or text.lstrip().startswith("<"):
        raise _wrong_content(response, where, "text")
    return text


def _refusal(response: requests.Response) -> str:
    """Return why the key does not give access. The service itself does not answer with HTML."""
    if response.content.lstrip().startswith(b"<"):
        return "access was refused by an HTML page: perhaps a gateway refuses this machine's network, and not the key."
    return "the API key was refused."


def _failure_of_body(response: requests.Response, where: str, error: InvalidJson) -> TemporaryFailure:
    """Return BrokenAnswer for a complete body that begins like JSON. Other bodies are mostly error pages of a proxy."""
    fault = _wrong_content(response, where, "JSON")
    if error.is_cut or not response.content.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(_BEGINNINGS_OF_JSON):
        return fault
    fingerprint = hash(response.content)
    return BrokenAnswer(fault.message, where, response.status_code, offset=error.offset, fingerprint=fingerprint)


def _wrong_content(response: requests.Response, where: str, expected: str) -> TemporaryFailure:
    body = response.content.removeprefix(_BYTE_ORDER_MARK).strip()
    found = "an empty body" if not body else "HTML" if body.startswith(b"<") else f"no valid {expected}"
    return TemporaryFailure(
        f"the service answered with {found} where {expected} is expected.", where, response.status_code
    )


def _service_message(response: requests.Response) -> str | None:
    """Return the `message` of an error answer, shortened; None if the answer has none."""
    if len(response.content) > _SMALL:
        return None
    try:
        payload = orjson.loads(response.content.removeprefix(_BYTE_ORDER_MARK))
    except orjson.JSONDecodeError:
        return None
    if isinstance(payload, dict):
        message = next((text for key, text in payload.items() if key.lower() == "message"), None)
        return " ".join(message.split())[:_LONGEST_MESSAGE] if isinstance(message, str) else None
    return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in `Retry-After`, a number of seconds or an HTTP date; None if it is neither."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (ValueError, OverflowError):
        return None
