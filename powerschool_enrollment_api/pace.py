"""When the next request may start: one rate for all threads, and a pause for all when the service asks for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Starts requests at least `60 / requests_per_minute` seconds apart, or at once where there is no cap.

    Evenly spaced, because a burst at the head of each minute is what a rate limit of the service's punishes.
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
        while not self._is_turn():
            pass  # held while it waited: it takes another turn

    def hold(self, seconds: float) -> None:
        """Let no request start for so many seconds: the service told one thread, and means all."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
            self._next_start = max(self._next_start, self._held_until)

    def _is_turn(self) -> bool:
        """Wait for the next free start; False if a hold that came meanwhile made it void."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next_start)
            self._next_start = start + self._interval
        if start > now:
            self._sleep(start - now)
        with self._lock:
            return start >= self._held_until
