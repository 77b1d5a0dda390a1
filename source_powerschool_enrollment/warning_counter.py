"""Counts tolerated problems during a sync, so that each is logged once, with its number, not once per record."""

from __future__ import annotations

import logging
import threading
from collections import Counter


class WarningCounter:
    """Counts events by stream and description. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, stream_name: str, what: str) -> None:
        """Note that `what` happened once more in the stream. It must not hold a record's value."""
        with self._lock:
            self._counts[stream_name, what] += 1

    def report(self, logger: logging.Logger) -> None:
        """Warn of everything counted since the last report, a line for each kind."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for (stream_name, what), times in sorted(counts.items()):
            logger.warning("%s: %s (%d times).", stream_name, what, times)
