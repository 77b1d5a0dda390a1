"""Requests the address of a document that a family uploaded. The address is valid for about two minutes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import SplitResult, parse_qsl, urlsplit

import orjson

from powerschool_enrollment_api.address import is_loopback, path_of
from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.errors import NotFound, UnexpectedAnswer, located

# The id comes from a record, so it is never logged: a field that was chosen by mistake may hold a child's name.
_WITHOUT_NAME = "/documents/{objectId}"
_WITH_NAME = "/documents/document/url"


@dataclass(frozen=True)
class DocumentAddress:
    """A temporary URL that gives access to a document until it expires.

    `is_json`: the service answered with a JSON string, as observed, and not with bare text, as documented.
    """

    url: str = field(repr=False)
    expires_at: datetime | None
    is_json: bool = True


def request_address(client: Client, object_id: str, file_name: str | None = None) -> DocumentAddress:
    """Return the document's address; with a `file_name`, one that serves the document under that name.

    Raises NotFound for a document that does not exist or belongs to another customer, UnexpectedAnswer for an
    answer that is not an https address (http is accepted if it and `base_url` are both loopback addresses).
    """
    with located(f"GET {_WITHOUT_NAME}"):
        path = path_of("documents", object_id)
    if file_name:
        log_path = _WITH_NAME
        names = {"file": _base64(_printable(file_name)), "providerDocUID": _base64(object_id)}
        answer = client.get_text(_WITH_NAME, names)
    else:
        log_path = _WITHOUT_NAME
        answer = client.get_text(path, log_path=log_path)
    return _address(answer, client.settings.base_url, f"GET {log_path}")


def _printable(text: str) -> str:
    """Replace characters that a header must not contain: the storage returns the name in Content-Disposition."""
    return "".join(character if character.isprintable() else "_" for character in text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _address(answer: str, base_url: str, where: str) -> DocumentAddress:
    """Return the address in an answer, which is a JSON string or bare text."""
    text = answer.strip()
    if text in {"null", '""'}:
        raise NotFound("the answer does not contain an address.", where)
    is_json = text.startswith('"')
    url = _json_string(text, where) if is_json else text
    try:
        parts = urlsplit(url)
        is_safe = url.isprintable() and _is_safe(parts, base_url)
    except ValueError:
        is_safe = False
    if not is_safe:
        raise UnexpectedAnswer("the answer is not an https address.", where)
    return DocumentAddress(url, _expiry(parts), is_json)


def _json_string(text: str, where: str) -> str:
    try:
        return str(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise UnexpectedAnswer("the answer is not an https address.", where) from None


def _is_safe(address: SplitResult, base_url: str) -> bool:
    """Return whether a document may be fetched there: encrypted in transit, and without credentials in the URL."""
    host = address.hostname or ""
    if not host or "@" in address.netloc:
        return False
    if address.scheme == "http":
        return is_loopback(host) and is_loopback(urlsplit(base_url).hostname or "")
    return address.scheme == "https"


def _expiry(address: SplitResult) -> datetime | None:
    """Read the parameter `se` ("signed expiry") of a blob storage's address."""
    text = dict(parse_qsl(address.query)).get("se", "")
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
