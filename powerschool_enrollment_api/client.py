"""The way of every request: paced, sent, classified, and tried again while that helps and is safe.

get / post  →  _ask  →  _ask_once  →  session
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_exponential_jitter

from powerschool_enrollment_api.classification import failure_of, failure_of_exception, json_of
from powerschool_enrollment_api.errors import PassingFault
from powerschool_enrollment_api.pace import Pace
from powerschool_enrollment_api.settings import ConnectionSettings, Patience

logger = logging.getLogger("airbyte.powerschool_enrollment_api")

_BACK_OFF = wait_exponential_jitter(initial=0.5, max=60, jitter=1)


@dataclass(frozen=True)
class _Question:
    """One request. `repeatable`: asking twice does no harm, so an unknown outcome may be asked again."""

    method: str
    path: str
    parameters: Mapping[str, Any] | None
    body: Any
    repeatable: bool
    read: Callable[[requests.Response, str], Any]

    @property
    def where(self) -> str:
        return f"{self.method} {self.path}"


class Client:
    """Asks the service. Safe to share between threads: one connection pool, one pace.

    Every method raises an EnrollmentError (see `errors`) once retrying no longer helps.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        patience: Patience | None = None,
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._patience = patience or Patience.from_environment()
        self._pace = pace or Pace(settings.requests_per_minute, sleep=sleep)
        self._sleep = sleep
        self._session = _session(settings)

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON at `path` (`/publishedactions`)."""
        return self._ask(_Question("GET", path, parameters, None, repeatable=True, read=json_of))

    def get_response(self, path: str, parameters: Mapping[str, Any] | None = None) -> requests.Response:
        """Return the whole answer at `path`, surely a success and surely JSON."""
        response: requests.Response = self._ask(
            _Question("GET", path, parameters, None, repeatable=True, read=_checked_response)
        )
        return response

    def get_text(self, path: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Return the body at `path` as text."""
        return str(self._ask(_Question("GET", path, parameters, None, repeatable=True, read=_text_of)))

    def post(self, path: str, body: Any = None, *, repeatable: bool, may_be_empty: bool = False) -> Any:
        """Send `body` as JSON, or nothing, and return the JSON answered; None for 204.

        An empty answer is a fault, unless it `may_be_empty`: then it is None as well.

        Unless `repeatable`, it is sent again only when it surely was not acted upon: a PassingFault
        that has `arrived` then means that the outcome is unknown.
        """
        read = _json_if_any if may_be_empty else _json_or_nothing
        return self._ask(_Question("POST", path, None, body, repeatable=repeatable, read=read))

    def _ask(self, question: _Question) -> Any:
        retrying = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, PassingFault) and (question.repeatable or not error.arrived)
            ),
            wait=_wait,
            stop=stop_before_delay(self._patience.retries),
            sleep=self._sleep,
            before_sleep=_tell,
            reraise=True,
        )
        return retrying(self._ask_once, question)

    def _ask_once(self, question: _Question) -> Any:
        self._pace.wait_for_turn()
        try:
            response = self._session.request(
                question.method,
                self.settings.base_url + question.path,
                params=question.parameters,
                json=question.body,
                timeout=(self._patience.connect, self._patience.read),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise failure_of_exception(error, question.where) from None
        failure = failure_of(response, question.where)
        if failure is None:
            return question.read(response, question.where)
        if isinstance(failure, PassingFault) and (failure.retry_after or 0) < self._patience.retries:
            self._pace.hold(failure.retry_after or 0)
        raise failure


def _session(settings: ConnectionSettings) -> requests.Session:
    session = requests.Session()
    session.auth = HTTPBasicAuth(settings.api_key.encode(), b"")
    session.headers.update({"Accept": "application/json", "User-Agent": "airbyte-powerschool-enrollment"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=settings.num_workers)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _checked_response(response: requests.Response, where: str) -> requests.Response:
    json_of(response, where)
    return response


def _text_of(response: requests.Response, _where: str) -> str:
    return response.content.decode("utf-8-sig", errors="replace")


def _json_or_nothing(response: requests.Response, where: str) -> Any:
    return None if response.status_code == requests.codes.no_content else json_of(response, where)


def _json_if_any(response: requests.Response, where: str) -> Any:
    return json_of(response, where) if response.content.strip() else None


def _wait(attempt: RetryCallState) -> float:
    """Return what the service asked for, else an exponential back-off with jitter, in seconds."""
    fault = attempt.outcome.exception() if attempt.outcome else None
    retry_after = fault.retry_after if isinstance(fault, PassingFault) else None
    return _BACK_OFF(attempt) if retry_after is None else retry_after


def _tell(attempt: RetryCallState) -> None:
    fault = attempt.outcome.exception() if attempt.outcome else None
    if isinstance(fault, PassingFault) and attempt.next_action:
        logger.warning("%s: %s Trying again in %.1f s.", fault.where, fault.message, attempt.next_action.sleep)
