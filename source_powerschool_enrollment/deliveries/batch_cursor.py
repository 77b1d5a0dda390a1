"""Keeps batches with an implausible date out of the cursor of the stream `batches`, and such dates out of its state.

A batch dated 2099 must not move the cursor there: no later batch would ever be requested.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, MutableMapping
from datetime import date
from typing import Any

from airbyte_cdk.models import AirbyteStateBlob, AirbyteStateMessage
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record
from typing_extensions import override

from source_powerschool_enrollment.cdk_seams import replace_cursor
from source_powerschool_enrollment.deliveries.dates import plausible_date, today_in_utc

NAME = "batches"
_CURSOR_FIELD = "date"
_LONGEST_LOOKBACK = 10**7  # seconds

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


class BatchCursor(Cursor):
    """Wraps the CDK's cursor, and ignores batches with an implausible date."""

    def __init__(self, cursor: Cursor, today: Callable[[], date] = today_in_utc) -> None:
        self._cursor = cursor
        self._today = today

    @property
    def state(self) -> MutableMapping[str, Any]:
        """Return the cursor's state."""
        return self._cursor.state

    def observe(self, record: Record) -> None:
        """Move the cursor to the record's date if that is between the year 2000 and tomorrow."""
        if plausible_date(record.data.get(_CURSOR_FIELD), self._today()):
            self._cursor.observe(record)

    def close_partition(self, partition: Partition) -> None:
        """Close the partition."""
        self._cursor.close_partition(partition)

    def ensure_at_least_one_state_emitted(self) -> None:
        """Emit the state at the stream's end."""
        self._cursor.ensure_at_least_one_state_emitted()

    @override
    def should_be_synced(self, record: Record) -> bool:
        return self._cursor.should_be_synced(record)


def with_batch_cursor(stream: AbstractStream) -> AbstractStream:
    """Return the declared stream `batches` with a BatchCursor."""
    return replace_cursor(stream, BatchCursor)


def with_readable_batches_state(
    states: list[AirbyteStateMessage] | None, today: Callable[[], date] = today_in_utc
) -> list[AirbyteStateMessage] | None:
    """Return the states, without parts of the state of `batches` that no sync wrote: the CDK would fail on them."""
    for stream in (each.stream for each in states or [] if each.stream):
        if stream.stream_descriptor.name == NAME and stream.stream_state:
            readable, is_damaged = readable_state(vars(stream.stream_state), today())
            stream.stream_state = AirbyteStateBlob(readable)
            if is_damaged:
                logger.warning(
                    "%s: the state is damaged, or a date in it is in the future. The batches concerned are read "
                    "again from the first date.",
                    NAME,
                )
    return states


def readable_state(state: Mapping[str, Any], today: date) -> tuple[dict[str, Any], bool]:
    """Return the parts of a state that a sync may have written, and whether it has any other part."""
    if "states" not in state and "state" not in state:
        newest = _cursor(state, today)
        return newest, not newest and _CURSOR_FIELD in state
    partitions = state.get("states", [])
    known = _partitions(partitions, today)
    newest, lookback = _cursor(state.get("state"), today), state.get("lookback_window", 0)
    is_whole = len(known) == _length(partitions) and bool(newest or "state" not in state) and _is_lookback(lookback)
    readable: dict[str, Any] = {"use_global_cursor": False, "states": known}
    # New targets begin at the newest date of all. For a target whose own date is lost, that may be too late.
    if is_whole and newest:
        is_global = state.get("use_global_cursor") is True
        readable |= {"use_global_cursor": is_global, "state": newest, "lookback_window": lookback}
    return readable, not is_whole


def _partitions(value: Any, today: date) -> list[dict[str, Any]]:
    entries = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    read = [{"partition": each.get("partition"), "cursor": _cursor(each.get("cursor"), today)} for each in entries]
    return [each for each in read if isinstance(each["partition"], dict) and each["cursor"]]


def _cursor(value: Any, today: date) -> dict[str, str]:
    """Return the cursor of a target, as the CDK writes it; nothing if it has no plausible date."""
    moment = value.get(_CURSOR_FIELD) if isinstance(value, Mapping) else None
    day = plausible_date(moment, today) if isinstance(moment, str) else None
    return {_CURSOR_FIELD: day.isoformat()} if day else {}


def _is_lookback(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value <= _LONGEST_LOOKBACK


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else -1
