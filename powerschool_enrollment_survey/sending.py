"""Sends the survey's requests: GET only, at most 40, two at a time. Waits or stops if the service requests a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from powerschool_enrollment_api import (
    BrokenAnswer,
    Client,
    ConnectionSettings,
    EnrollmentError,
    KeyRefused,
    NotFound,
    RateLimited,
    Redirected,
    Repairs,
    TemporaryFailure,
    Timeouts,
    UnexpectedAnswer,
    Unreachable,
    WrongAddress,
)
from powerschool_enrollment_api.retry import RateLimiter

MOST_REQUESTS = 40
AT_ONCE = 2
_MOST_REPEATS = 3
_LONGEST_PAUSE = 30  # seconds; if the service requests more, the survey stops
_PAUSE = 2  # seconds, if the service does not state how long
_MOST_FAILURES_IN_A_ROW = 6

_REASONS: tuple[tuple[type[EnrollmentError], str], ...] = (
    (KeyRefused, "the key is refused"),
    (NotFound, "not found (404)"),
    (RateLimited, "the service asks for fewer requests (429)"),
    (BrokenAnswer, "the body is not valid JSON"),
    (Unreachable, "the service cannot be reached"),
    (Redirected, "the service redirects"),
    (WrongAddress, "the service redirects, or cannot be reached"),
    (UnexpectedAnswer, "the answer has an unknown shape"),
)


@dataclass(frozen=True)
class SurveyRequest:
    """One request. `endpoint` is its path in the report, with `{id}` for each id; `send` sends it once."""

    endpoint: str
    send: Callable[[Client], Any] = field(repr=False)

    @classmethod
    def get(cls, endpoint: str, path: str, parameters: Mapping[str, Any] | None = None) -> SurveyRequest:
        """Return the request for the JSON at `path`."""
        return cls(endpoint, lambda client: client.get_response(path, parameters))


@dataclass(frozen=True)
class Reply:
    """The outcome of a request.

    `payload` is the parsed answer, None after an error. `was_sent` is False if the request was not sent, because the
    survey had stopped. `seconds` is the time until the answer began, `ahead` how many seconds the service's clock is
    ahead of this machine's.
    """

    endpoint: str
    payload: Any = field(default=None, repr=False)
    error: EnrollmentError | None = field(default=None, repr=False)
    was_sent: bool = True
    status: int | None = None
    seconds: float | None = None
    size: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ahead: float | None = None
    repairs: tuple[Repairs, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Return whether the service sent a successful answer that could be read."""
        return self.was_sent and self.error is None

    @property
    def reason(self) -> str:
        """Return why the answer is missing, in fixed words; empty if it arrived."""
        if not self.was_sent:
            return "not sent, because the service failed or asked for a pause before"
        return reason_of(self.error) if self.error else ""


def reason_of(error: EnrollmentError) -> str:
    """Return what an error means, in fixed words: its own text may quote the service."""
    for kind, words in _REASONS:
        if isinstance(error, kind):
            return words
    if error.status is None:
        return "no answer in time, or the connection was lost"
    if error.status < 300:
        return "the answer is not JSON, or is cut short"
    return f"the service {'failed' if error.status >= 500 else 'refuses the request'} (status {error.status})"


class Sender:
    """Sends the requests and keeps every reply in `log`, also that of a request that is repeated.

    A request is repeated once after a temporary failure; the survey repeats at most three requests. It stops when the
    service asks for a pause of more than half a minute, or after six failures in a row. Safe to use from several
    threads.
    """

    def __init__(self, settings: ConnectionSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._limiter = RateLimiter(settings.requests_per_minute, sleep=sleep)
        self.client = Client(
            replace(settings, num_workers=AT_ONCE),
            timeouts=Timeouts.for_a_check(),
            rate_limiter=self._limiter,
            on_repairs=self._note_repairs,
        )
        self._of_this_thread = threading.local()
        self._lock = threading.Lock()
        self._sent = 0
        self._repeats = 0
        self._failures_in_a_row = 0
        self._has_stopped = False
        self.log: list[Reply] = []

    def send_all(self, survey_requests: Iterable[SurveyRequest]) -> list[Reply]:
        """Return the reply to each request, in the same order."""
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            return list(pool.map(self._reply_to, survey_requests))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # an interrupted survey does not wait for answers

    def _reply_to(self, request: SurveyRequest) -> Reply:
        reply = self._send(request)
        if not self._may_be_repeated(reply):
            return reply
        repeated = self._send(request)
        return repeated if repeated.was_sent else reply

    def _send(self, request: SurveyRequest) -> Reply:
        with self._lock:
            if self._has_stopped or self._sent >= MOST_REQUESTS:
                return Reply(request.endpoint, was_sent=False)
            self._sent += 1
        repairs: list[Repairs] = []
        self._of_this_thread.repairs = repairs
        try:
            reply = _reply(request.endpoint, request.send(self.client))
        except EnrollmentError as error:
            reply = Reply(request.endpoint, error=error, status=error.status)
        reply = replace(reply, repairs=tuple(repairs))
        with self._lock:
            self.log.append(reply)
            self._failures_in_a_row = self._failures_in_a_row + 1 if isinstance(reply.error, TemporaryFailure) else 0
            self._has_stopped = self._has_stopped or self._failures_in_a_row >= _MOST_FAILURES_IN_A_ROW
        return reply

    def _note_repairs(self, _place: str, repairs: Repairs) -> None:
        self._of_this_thread.repairs.append(repairs)

    def _may_be_repeated(self, reply: Reply) -> bool:
        """Return whether to send the request again, and delay all requests by the pause that the service needs.

        The survey stops if it may not repeat a request after 429: the service asks for fewer requests.
        """
        fault = reply.error
        if not isinstance(fault, TemporaryFailure):
            return False
        pause = fault.retry_after or _PAUSE
        with self._lock:
            if self._has_stopped or self._repeats >= _MOST_REPEATS or pause > _LONGEST_PAUSE:
                self._has_stopped = self._has_stopped or isinstance(fault, RateLimited) or pause > _LONGEST_PAUSE
                return False
            self._repeats += 1
        self._limiter.hold(pause)
        return True


def _reply(endpoint: str, answer: Any) -> Reply:
    if not isinstance(answer, requests.Response):
        return Reply(endpoint, answer, status=200)
    return Reply(
        endpoint,
        answer.json(),
        status=answer.status_code,
        seconds=answer.elapsed.total_seconds(),
        size=len(answer.content),
        headers=answer.headers,
        ahead=_ahead(answer.headers.get("Date", "")),
    )


def _ahead(text: str) -> float | None:
    """Return how many seconds the `Date` of an answer that has just arrived is ahead of this machine's clock."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment.replace(tzinfo=moment.tzinfo or timezone.utc) - datetime.now(timezone.utc)).total_seconds()
    except (ValueError, OverflowError):
        return None
