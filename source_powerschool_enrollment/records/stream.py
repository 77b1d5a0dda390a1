"""Makes a declared record stream parallel, complete under change and incremental.

The manifest declares the stream: its forms, schema, key and types. Its partitions, one per form, are read
here page by page: YAML can express neither parallel pages nor a custom cursor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository, NoopMessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField, FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.types import StreamSlice

from powerschool_enrollment_api import RecordPages
from source_powerschool_enrollment.components import TypedRecord
from source_powerschool_enrollment.context import sync_for
from source_powerschool_enrollment.options import page_size_of, search_parameters
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.form_reader import RecordStreamRead
from source_powerschool_enrollment.records.page_cursor import PageCursor
from source_powerschool_enrollment.records.page_digests import PageDigests
from source_powerschool_enrollment.records.partitions import RecordPartitions
from source_powerschool_enrollment.records.row_estimate import RowEstimate

_KINDS: Mapping[str, Literal["rosterrecords", "submissionrecords"]] = {
    "roster_records": "rosterrecords",
    "submission_records": "submissionrecords",
}
RECORD_STREAMS = frozenset(_KINDS)
# A parent's records are looked at and dropped: their dates are not worth reading.
_FORM_ALONE: Mapping[str, Any] = {"times": (), "dates": (), "added": ("published_action_id",)}


@dataclass(frozen=True)
class Outlet:
    """Where a stream's messages go. Without `states` the read is a full refresh."""

    messages: MessageRepository
    states: ConnectorStateManager | None = None
    backlog: Backlog = field(default_factory=Backlog)


def parallel_record_stream(
    declared: AbstractStream,
    config: Mapping[str, Any],
    record_types: Mapping[str, Any],
    outlet: Outlet,
) -> DefaultStream:
    """Return the stream that reads what `declared` declares.

    `record_types` is the manifest's definition of that name.
    """
    name, pages = declared.name, _record_pages(declared.name, config)
    digests = cursor = None
    if outlet.states:
        settings = {"page_size": pages.page_size, "record_search": pages.search}
        digests = PageDigests(settings, outlet.states.get_stream_state(name, None))
        cursor = PageCursor(name, digests, outlet.states, outlet.messages)
    read = RecordStreamRead(
        name=name,
        pages=pages,
        type_record=_typing(name, config, record_types),
        tally=sync_for(config).tally,
        digests=digests,
        estimate=RowEstimate(name, outlet.messages),
        backlog=outlet.backlog,
        after_page=cursor.after_page if cursor else lambda _: (),
    )
    return DefaultStream(
        partition_generator=RecordPartitions(read, partial(_forms, declared)),
        name=name,
        json_schema=declared.get_json_schema,
        primary_key=["id"],
        cursor_field=CursorField("synced_at"),
        logger=logging.getLogger("airbyte"),
        cursor=cursor or FinalStateCursor(name, None, outlet.messages),
    )


def parent_record_stream(declared: AbstractStream, config: Mapping[str, Any]) -> DefaultStream:
    """Return the stream as the parent of another one: a full refresh of records with their form, without messages."""
    return parallel_record_stream(declared, config, _FORM_ALONE, Outlet(NoopMessageRepository()))


def _record_pages(name: str, config: Mapping[str, Any]) -> RecordPages:
    return RecordPages(sync_for(config).client, _KINDS[name], page_size_of(config), search_parameters(config))


def _forms(declared: AbstractStream) -> Iterable[int]:
    """Return the ids of the selected forms: the declared stream has a partition for each."""
    for partition in declared.generate_partitions():
        yield (partition.to_slice() or {})["published_action_id"]


def _typing(
    name: str, config: Mapping[str, Any], record_types: Mapping[str, Any]
) -> Callable[[dict[str, Any], StreamSlice], None]:
    fields = {kind: tuple(record_types[kind]) for kind in ("times", "dates", "added")}
    typed = TypedRecord(config=config, name=name, **fields)
    return lambda record, stream_slice: typed.transform(record, stream_slice=stream_slice)
