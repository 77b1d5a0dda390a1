"""The rate limit and the retry policy of a client: when a request may start, and when a failed one is sent again."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from powerschool_enrollment_api.errors import TemporaryFailure, Unreachable
from powerschool_enrollment_api.settings import Timeouts

logger = logging.getLogger("airbyte.powerschool_enrollment_api")

_BACK_OFF = wait_exponential_jitter(multiplier=0.5, max=60, jitter=1)
_LONGEST_PAUSE_BEFORE_CONTACT = 5  # seconds; short, so that a network that comes up late is noticed soon


class RateLimiter:
    """Starts requests at least `60 / requests_per_minute` seconds apart; without that option, immediately.

    Requests are spaced evenly, because the service would refuse a burst at the start of each minute.
    """

    def __init__(
        self,
        requests_per_minute: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 60 / requests_per_minute if requests_per_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_start = 0.0
        self._held_until = 0.0

    def wait_for_turn(self) -> None:
        """Block until this thread's request may start."""
        while not self._wait_for_start():
            pass  # another thread called `hold` during the wait

    def hold(self, seconds: float) -> None:
        """Delay the requests of all threads by this many seconds, because the service asked one of them for a pause."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._next_start = max(self._next_start, self._held_until)

    def _wait_for_start(self) -> bool:
        """Wait for the next free start; return False if a hold began in the meantime."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next_start)
            self._next_start = start + self._interval
        if start > now:
            self._sleep(start - now)
        with self._lock:
            return start >= self._held_until


class RetryPolicy:
    """Decides on retries for all requests of a client or a storage, in every thread.

    The client or storage sets `was_reached` after the first connection. Before that, an unreachable host is probably
    a wrong address, and retries stop after `first_contact` seconds; afterwards it is an outage, and each request is
    retried for `retries` seconds. All threads share the first deadline, so later requests do not wait for it again.
    """

    def __init__(self, timeouts: Timeouts, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.was_reached = False
        self._timeouts = timeouts
        self._clock = clock
        self._sleep = sleep
        self._first_contact_deadline = _Deadline(clock, timeouts.first_contact)

    def after(self, may_be_repeated_after: Callable[[BaseException], bool]) -> Retrying:
        """Return a `Retrying` that repeats a function after errors that the predicate accepts, until the deadline."""
        deadline = _Deadline(self._clock, self._timeouts.retries)
        return Retrying(
            retry=retry_if_exception(may_be_repeated_after),
            wait=self._pause,
            stop=lambda attempt: self._is_never_reached(attempt) or deadline(attempt),
            sleep=self._sleep,
            before_sleep=_log_retry,
            reraise=True,
        )

    def _pause(self, attempt: RetryCallState) -> float:
        """Return the pause that the service requested, else a back-off, with jitter so that threads spread out."""
        fault = _fault_of(attempt)
        requested = fault.retry_after if isinstance(fault, TemporaryFailure) else None
        back_off = _BACK_OFF(attempt)
        return requested or (back_off if self.was_reached else min(back_off, _LONGEST_PAUSE_BEFORE_CONTACT))

    def _is_never_reached(self, attempt: RetryCallState) -> bool:
        is_unreachable = not self.was_reached and isinstance(_fault_of(attempt), Unreachable)
        return is_unreachable and self._first_contact_deadline(attempt)


class _Deadline:
    """Stops the retries when the next one would start later than `seconds` after the first fault.

    tenacity's own deadline starts before the first attempt, and so includes the attempt's wait for the rate limit.
    """

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._end = math.inf

    def __call__(self, attempt: RetryCallState) -> bool:
        now = self._clock()
        self._end = min(self._end, now + self._seconds)
        return now + attempt.upcoming_sleep >= self._end


def _log_retry(attempt: RetryCallState) -> None:
    fault = _fault_of(attempt)
    if isinstance(fault, TemporaryFailure):
        logger.warning("%s: %s Trying again in %.1f s.", fault.where, fault.message, attempt.upcoming_sleep)


def _fault_of(attempt: RetryCallState) -> BaseException | None:
    return attempt.outcome.exception() if attempt.outcome else None
