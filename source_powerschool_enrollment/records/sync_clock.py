"""The times `synced_at` of a stream's records: they ascend from sync to sync, even if a machine's clock is set back.

A destination keeps the version of a record with the latest `synced_at`. If the clock was set back since the last sync,
or if another machine with another clock runs the connector, a newer version would have an earlier time, and be lost.
So the state has the latest time of a record, and the next sync continues after it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

KEY = "synced_at"  # the key in the state

_STEP = timedelta(microseconds=1)
_USUAL_DIFFERENCE = timedelta(minutes=10)
# Certificates are valid for at most 398 days. If a clock differs by more, a connection to the service is not possible,
# so a state with such a time was not written by a sync.
_MOST_DIFFERENCE = timedelta(days=400)
_CONTINUES = (
    "So that newer versions of records are not older than earlier ones, synced_at continues after the state's time. "
    "Check the clock of each machine that runs this connection."
)
_IGNORED = (
    "The state's time is ignored, because it cannot be right. If a destination has records with such a synced_at, "
    "newer versions do not replace them: check the clock, then clear the stream and sync again."
)

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(timezone.utc)


class SyncClock:
    """Returns times in UTC, each later than all before, and than `latest`, the latest of earlier syncs. Thread-safe."""

    def __init__(self, latest: datetime | None = None, machine_time: Callable[[], datetime] = utc_now) -> None:
        self._latest = latest
        self._latest_used = latest
        self._machine_time = machine_time
        self._lock = threading.Lock()

    @classmethod
    def after(
        cls, state: Mapping[str, Any], stream_name: str, machine_time: Callable[[], datetime] = utc_now
    ) -> SyncClock:
        """Return the clock that continues after the state's time. Warn, with both times, if it is 10 minutes ahead."""
        latest, now = _readable(state.get(KEY)), machine_time()
        if latest is None or latest - now <= _USUAL_DIFFERENCE:
            return cls(latest, machine_time)
        is_used = latest - now <= _MOST_DIFFERENCE
        logger.warning(
            "%s: the state contains the time %s, and this machine's clock shows %s. %s",
            stream_name, text_of(latest), text_of(now), _CONTINUES if is_used else _IGNORED,
        )  # fmt: skip
        return cls(latest if is_used else None, machine_time)

    def now(self) -> datetime:
        """Return the machine's time, or a microsecond after the latest time if that is later."""
        with self._lock:
            now = self._machine_time()
            self._latest = now if self._latest is None else max(now, self._latest + _STEP)
            return self._latest

    def use(self, moment: datetime) -> None:
        """Note the time of records that will be emitted: each state from now on has it, or a later one."""
        with self._lock:
            self._latest_used = max(moment, self._latest_used or moment)

    def as_state(self) -> dict[str, str]:
        """Return the part of the state with the latest time that a record has; empty if no record was emitted."""
        with self._lock:
            return {KEY: text_of(self._latest_used)} if self._latest_used else {}


def text_of(moment: datetime) -> str:
    """Return the time as the records contain it, `2026-08-01T12:00:00.000000Z`."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _readable(stored: Any) -> datetime | None:
    """Return the time in a state; None if the state is older than this key, or damaged."""
    try:
        moment = datetime.fromisoformat(stored.replace("Z", "+00:00")) if isinstance(stored, str) else None
        return moment.astimezone(timezone.utc) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
