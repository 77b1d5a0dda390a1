"""Builds the record streams: read in parallel, complete even if records change during the read, and incremental.

They are built in Python because YAML can express neither parallel pages nor the cursor that remembers pages.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository, NoopMessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField, FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, RecordPages
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.context import PublishedActionIds, SyncContext
from source_powerschool_enrollment.record_types import RecordTypes, schema_of
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.form_reader import RecordStreamRead
from source_powerschool_enrollment.records.look_ups import DELETED_AT
from source_powerschool_enrollment.records.page_state import PageCursor, PageDigests, digest_of
from source_powerschool_enrollment.records.readers import PageQueue, RecordReaders
from source_powerschool_enrollment.records.record_ids import RecordIds
from source_powerschool_enrollment.records.row_estimate import RowEstimate
from source_powerschool_enrollment.records.sync_clock import SyncClock, utc_now

_PATHS: Mapping[str, Literal["rosterrecords", "submissionrecords"]] = {
    "roster_records": "rosterrecords",
    "submission_records": "submissionrecords",
}
RECORD_STREAMS = frozenset(_PATHS)
_DELETED_AT: Mapping[str, Any] = {
    "description": "When the connector found that the record was removed (UTC); null for a record that exists. "
    "Added by the connector.",
    "type": ["null", "string"],
    "format": "date-time",
    "airbyte_type": "timestamp_with_timezone",
}
# While one reader sends a request, another one parses and emits a page.
_READERS_PER_CONNECTION = 2


@dataclass(frozen=True)
class Outlet:
    """Where a stream's messages go. Without `states` the read is a full refresh."""

    messages: MessageRepository
    states: ConnectorStateManager | None = None
    backlog: Backlog = field(default_factory=Backlog)


def record_stream(
    name: str, sync: SyncContext, outlet: Outlet, machine_time: Callable[[], datetime] = utc_now
) -> DefaultStream:
    """Return the stream `name`, one of RECORD_STREAMS. `machine_time` returns the time in UTC."""
    state = outlet.states.get_stream_state(name, None) if outlet.states else {}
    clock = SyncClock.after(state, name, machine_time)
    cursor = _page_cursor(name, sync, outlet.states, outlet.messages, clock) if outlet.states else None
    read = _read(name, sync, outlet, RecordTypes.of_stream(name), cursor, clock)
    return DefaultStream(
        partition_generator=RecordReaders(
            read, lambda: _forms(sync), _READERS_PER_CONNECTION * sync.config.connection.num_workers
        ),
        name=name,
        json_schema=_schema(name, sync.config),
        primary_key=["id"],
        cursor_field=CursorField("synced_at"),
        logger=logging.getLogger("airbyte"),
        cursor=cursor or FinalStateCursor(name, None, outlet.messages),
    )


def parent_pages(name: str, sync: SyncContext) -> PageQueue:
    """Return the pages of the stream `name` for another stream, which needs their records. No messages are emitted.

    The records' dates stay as they were sent. Raises AirbyteTracedException.
    """
    return PageQueue(
        _read(name, sync, Outlet(NoopMessageRepository()), RecordTypes({}), None, SyncClock()), _forms(sync)
    )


def _read(  # noqa: PLR0913, PLR0917 - as many as the read has
    name: str, sync: SyncContext, outlet: Outlet, types: RecordTypes, cursor: PageCursor | None, clock: SyncClock
) -> RecordStreamRead:
    return RecordStreamRead(
        name=name,
        sync=sync,
        pages=RecordPages(sync.client, _PATHS[name], sync.config.page_size, sync.config.search_parameters()),
        types=types,
        cursor=cursor,
        estimate=RowEstimate(name, outlet.messages),
        backlog=outlet.backlog,
        clock=clock,
    )


def _page_cursor(
    name: str, sync: SyncContext, states: ConnectorStateManager, messages: MessageRepository, clock: SyncClock
) -> PageCursor:
    # The options that decide which records of a form a page contains.
    settings = {"page_size": sync.config.page_size, "record_search": sync.config.search_parameters()}
    state = states.get_stream_state(name, None)
    ids = RecordIds(_district_and_search(sync.config), state) if sync.config.detect_removed_records else None
    digests = PageDigests(settings, state, with_large_states=ids is not None)
    return PageCursor(name, digests, states, messages, ids=ids, times=clock)


def _district_and_search(config: SourceConfig) -> str:
    """Return a digest of the options that decide which records the lists show and the detail endpoints know.

    Another key may belong to another district: the service would answer 404 to it for records that exist. 32 bits of
    the key's digest detect another key, and are too few to find the key by brute force.
    """
    key = blake2b(config.connection.api_key.encode(), digest_size=4).hexdigest()
    options = {"base_url": config.connection.base_url, "key": key, "record_search": config.search_parameters()}
    return b64encode(digest_of([options])).decode()


def _schema(name: str, config: SourceConfig) -> dict[str, Any]:
    schema = schema_of(name)
    if config.detect_removed_records:
        schema["properties"][DELETED_AT] = _DELETED_AT
    return schema


def _forms(sync: SyncContext) -> PublishedActionIds:
    try:
        return sync.published_action_ids()
    except EnrollmentError as error:
        raise as_traced_exception(error) from None
