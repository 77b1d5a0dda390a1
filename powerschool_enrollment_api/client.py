"""Sends requests to the service: waits for the rate limit, sends, classifies the answer, and retries where safe.

get / post  →  _send  →  _send_once  →  session
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.exceptions import HTTPError

from powerschool_enrollment_api.address import health_url, strict_path
from powerschool_enrollment_api.answer_body import BodyReader
from powerschool_enrollment_api.answer_limits import ACCEPTED_ENCODINGS, LimitedAdapter
from powerschool_enrollment_api.connection_errors import failure_of_exception
from powerschool_enrollment_api.errors import (
    AnswerTooLarge,
    BrokenAnswer,
    NeverReached,
    TemporaryFailure,
    Unreachable,
    located,
)
from powerschool_enrollment_api.http_session import StrictSession, WithoutCredentials
from powerschool_enrollment_api.json_body import Repairs
from powerschool_enrollment_api.response_errors import failure_of, json_of, text_of
from powerschool_enrollment_api.retry import RateLimiter, RetryPolicy
from powerschool_enrollment_api.settings import ConnectionSettings, Timeouts

# urllib3 logs complete URLs with their query: at DEBUG for each request, and in its warning about odd headers.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.ERROR)

logger = logging.getLogger("airbyte.powerschool_enrollment_api")

OnRepairs = Callable[[str, Repairs], None]


def log_repairs(place: str, repairs: Repairs) -> None:
    """Log one warning for an answer that was repaired."""
    logger.warning("%s: the answer was repaired: %s.", place, repairs)


@dataclass(frozen=True)
class _Request:
    """One request.

    `repeatable`: the request is idempotent, so it is sent again when its outcome is unknown. `log_path` replaces the
    path in logs and errors if the path contains a value of a record. `on_repairs`: see `Client`.
    """

    method: str
    path: str = field(repr=False)
    parameters: Mapping[str, Any] | None = field(repr=False)
    body: Any = field(repr=False)
    repeatable: bool
    read: _Read
    on_repairs: OnRepairs
    log_path: str | None = None

    @property
    def where(self) -> str:
        return f"{self.method} {self.log_path or self.path}"

    @property
    def page(self) -> int | None:
        """The number of the requested page; None for a request without pages."""
        number = (self.parameters or {}).get("page")
        return number if isinstance(number, int) else None

    def json_of(self, response: requests.Response) -> Any:
        """Parse the body, and report what was repaired in it."""
        payload, repairs = json_of(response, self.where)
        if repairs:
            self.on_repairs(self.where if self.page is None else f"page {self.page} of {self.where}", repairs)
        return payload

    def may_be_repeated_after(self, error: BaseException) -> bool:
        return isinstance(error, TemporaryFailure) and (self.repeatable or not error.arrived)


_Read = Callable[[_Request, requests.Response], Any]


class Client:
    """Sends requests. Safe to share between threads, which then share one connection pool and one rate limit.

    Build a path that contains an id with `path_of`, which quotes the id.

    `on_repairs` is called after an answer was repaired (see `json_body`), with its path and page, and with what was
    repaired. It may be called from any thread. By default, each such answer logs a warning.

    Every method raises an EnrollmentError (see `errors`) once retrying no longer helps.
    """

    def __init__(  # noqa: PLR0913 - by keyword only
        self,
        settings: ConnectionSettings,
        *,
        timeouts: Timeouts | None = None,
        rate_limiter: RateLimiter | None = None,
        on_repairs: OnRepairs = log_repairs,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._on_repairs = on_repairs
        self._timeouts = timeouts or Timeouts.from_environment()
        self._rate_limiter = rate_limiter or RateLimiter(settings.requests_per_minute, clock=clock, sleep=sleep)
        self._retries = RetryPolicy(self._timeouts, clock, sleep)
        self._has_worked = False  # the service answered: a temporary redirect is then an outage, not a wrong address
        self._session = _session(settings, self._timeouts)
        self._bodies = BodyReader()
        self._host = urlsplit(settings.base_url).netloc

    def presume_reachable(self) -> None:
        """Assume that the address is right, because an earlier sync reached it.

        A failed connection and a temporary redirect are then an outage.
        """
        self._retries.was_reached = self._has_worked = True

    def get(
        self,
        path: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        opening: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Any:
        """Return the JSON at `path` (`/publishedactions`).

        Each answer's body is parsed inside the context `opening`, after the connection was released. The context can
        limit how many bodies are parsed concurrently: a parsed page takes several times the memory of its body.
        """

        def read(request: _Request, response: requests.Response) -> Any:
            with opening():
                return request.json_of(response)

        return self._send(self._get(path, parameters, read))

    def get_response(self, path: str, parameters: Mapping[str, Any] | None = None) -> JsonResponse:
        """Return the successful response at `path`, with its JSON body parsed."""
        response: JsonResponse = self._send(self._get(path, parameters, _parsed_response))
        return response

    def get_text(self, path: str, parameters: Mapping[str, Any] | None = None, *, log_path: str | None = None) -> str:
        """Return the body at `path` as text. An empty body, or HTML, raises TemporaryFailure.

        `log_path` replaces the path in logs and errors if the path contains a value of a record.
        """
        return str(self._send(self._get(path, parameters, _text, log_path)))

    def get_health(self) -> Any:
        """Return the JSON of the service's health status. Sends one request, without the key."""
        request = self._get("/healthz", None, _Request.json_of)
        return self._send_once(request, health_url(self.settings.base_url), auth=WithoutCredentials())

    def post(self, path: str, body: Any = None, *, repeatable: bool, may_be_empty: bool = False) -> Any:
        """Send `body` as JSON, or no body, and return the JSON of the answer; None for 204.

        An empty body raises TemporaryFailure; with `may_be_empty`, None is returned instead.

        A request that is not `repeatable` is sent again only if the service did not process it. A TemporaryFailure
        with `arrived` then means that the outcome is unknown.
        """
        read = _json_unless_empty if may_be_empty else _json_unless_204
        return self._send(_Request("POST", path, None, body, repeatable, read, self._on_repairs))

    def _get(
        self, path: str, parameters: Mapping[str, Any] | None, read: _Read, log_path: str | None = None
    ) -> _Request:
        return _Request("GET", path, parameters, None, True, read, self._on_repairs, log_path)

    def _send(self, request: _Request) -> Any:
        """Send the request, and retry it until it is answered, a retry is not safe, or the deadline has passed."""
        with located(request.where):
            address = self.settings.base_url + strict_path(request.path)
        retrying = self._retries.after(request.may_be_repeated_after)
        try:
            return retrying(_RefusingRepeatedAnswers(self._send_once), request, address)
        except Unreachable as fault:
            if self._retries.was_reached or not request.may_be_repeated_after(fault):
                raise
            raise NeverReached(fault.message, fault.where) from None

    def _send_once(self, request: _Request, address: str, auth: AuthBase | None = None) -> Any:
        self._rate_limiter.wait_for_turn()
        response = self._answer_to(request, address, auth)
        self._retries.was_reached = True
        failure = failure_of(response, request.where, has_worked=self._has_worked)
        if failure is None:
            answer = request.read(request, response)
            self._has_worked = True
            return answer
        if isinstance(failure, TemporaryFailure) and (failure.retry_after or 0) < self._timeouts.retries:
            self._rate_limiter.hold(failure.retry_after or 0)
        raise failure

    def _answer_to(self, request: _Request, address: str, auth: AuthBase | None) -> requests.Response:
        """Send the request, and return the answer with its whole body."""
        try:
            with located(request.where):
                response = self._session.request(
                    request.method,
                    address,
                    params=request.parameters,
                    json=request.body,
                    timeout=(self._timeouts.connect, self._timeouts.read),
                    auth=auth,
                    stream=True,
                )
                self._bodies.read(response)
        except TemporaryFailure:  # the answer exceeds a limit
            self._retries.was_reached = True
            raise
        except (OSError, HTTPError) as error:
            failure = failure_of_exception(error, request.where, self._host, self._timeouts.connect)
            if type(failure) is TemporaryFailure:  # the connection was lost after it was established
                self._retries.was_reached = True
            raise failure from None
        return response


class _RefusingRepeatedAnswers:
    """Sends a request, and raises UnexpectedAnswer for the second answer that is too large, or equally broken."""

    def __init__(self, send: Callable[[_Request, str], Any]) -> None:
        self._send = send
        self._unusable: tuple[type, int] | None = None

    def __call__(self, request: _Request, address: str) -> Any:
        try:
            return self._send(request, address)
        except TemporaryFailure as fault:
            self._refuse_repeated(fault, request)
            # The error is kept until the retry. Its frames refer to the body, which may be large.
            fault.__context__ = None
            raise fault.with_traceback(None) from None

    def _refuse_repeated(self, fault: TemporaryFailure, request: _Request) -> None:
        if not isinstance(fault, (BrokenAnswer, AnswerTooLarge)):
            return
        if (type(fault), fault.fingerprint) == self._unusable:
            page = "" if request.page is None else f"Page {request.page}: "
            raise fault.repeated(page) from None
        self._unusable = type(fault), fault.fingerprint


class JsonResponse(requests.Response):
    """A response whose body is parsed once: `json()` returns the parsed body. Its request does not contain the key."""

    def __init__(self, response: requests.Response, payload: Any) -> None:
        super().__init__()
        vars(self).update(vars(response))
        self.request = _with_key_redacted(response.request)
        self._payload = payload

    def json(self, **_: Any) -> Any:
        """Return the parsed body."""
        return self._payload


def _session(settings: ConnectionSettings, timeouts: Timeouts) -> StrictSession:
    # The pool blocks, so at most num_workers requests are in flight, even if more threads send requests.
    adapter = LimitedAdapter(timeouts.answer, pool_connections=1, pool_maxsize=settings.num_workers, pool_block=True)
    headers = {"Accept": "application/json", "Accept-Encoding": ACCEPTED_ENCODINGS}
    return StrictSession(adapter, HTTPBasicAuth(settings.api_key.encode(), b""), headers)


def _text(request: _Request, response: requests.Response) -> str:
    return text_of(response, request.where)


def _with_key_redacted(request: requests.PreparedRequest) -> requests.PreparedRequest:
    redacted = request.copy()
    redacted.headers["Authorization"] = "****"
    return redacted


def _parsed_response(request: _Request, response: requests.Response) -> JsonResponse:
    return JsonResponse(response, request.json_of(response))


def _json_unless_204(request: _Request, response: requests.Response) -> Any:
    return None if response.status_code == requests.codes.no_content else request.json_of(response)


def _json_unless_empty(request: _Request, response: requests.Response) -> Any:
    return request.json_of(response) if response.content.strip() else None
