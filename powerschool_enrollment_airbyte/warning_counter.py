"""Counts tolerated problems during a sync, so that a long sync logs one line per kind and not one per answer."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from powerschool_enrollment_api.json_body import Repairs

_MOST_PLACES = 3


@dataclass
class _Count:
    times: int = 0
    places: list[str] = field(default_factory=list)
    has_more_places: bool = False

    def add(self, times: int, place: str) -> None:
        self.times += times
        if not place or place in self.places:
            return
        if len(self.places) < _MOST_PLACES:
            self.places.append(place)
        else:
            self.has_more_places = True

    def __str__(self) -> str:
        places = "; ".join([*self.places, *(["and elsewhere"] if self.has_more_places else [])])
        number = "once" if self.times == 1 else f"{self.times} times"
        return f"{number}: {places}" if places else number


class WarningCounter:
    """Counts tolerated problems by subject, mostly a stream, and by kind. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], _Count] = {}

    def count(self, subject: str, what: str, times: int = 1, place: str = "") -> None:
        """Count further occurrences of `what`. The first three different places are logged with the count.

        Neither `what` nor `place` may contain a record's value.
        """
        with self._lock:
            self._counts.setdefault((subject, what), _Count()).add(times, place)

    def count_repairs(self, place: str, repairs: Repairs) -> None:
        """Count what was repaired in one answer of the service."""
        for kind, times in repairs.counts.items():
            self.count("repaired answers", kind, times, place)

    def report(self, logger: logging.Logger) -> None:
        """Log one warning for each kind counted since the last report."""
        with self._lock:
            counts, self._counts = self._counts, {}
        for (subject, what), count in sorted(counts.items(), key=lambda item: item[0]):
            logger.warning("%s: %s (%s).", subject, what, count)
