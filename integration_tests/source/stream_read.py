"""Reads one record stream as the CDK does, without starting a command: this takes 1 % of the time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage, AirbyteStateType
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.types import Record
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_powerschool_enrollment.context import sync_for
from source_powerschool_enrollment.records.stream import Outlet, record_stream
from source_powerschool_enrollment.records.sync_clock import utc_now


@dataclass
class StreamRead:
    """The records and states of a read in the order of the queue, and the errors of its partitions."""

    messages: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [dict(message.data) for message in self.messages if isinstance(message, Record)]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [vars(message.state.stream.stream_state) for message in self.messages if not isinstance(message, Record)]

    @property
    def state(self) -> list[AirbyteStateMessage]:
        """The state with which the next read continues."""
        return last_state(self.messages)


def last_state(messages: Sequence[Any]) -> list[AirbyteStateMessage]:
    """Return the last state in the format of the option --state: a list with one state, or an empty list."""
    states = [message.state.stream for message in messages if not isinstance(message, Record)]
    return [AirbyteStateMessage(AirbyteStateType.STREAM, states[-1])] if states else []


def read_stream(
    config: Mapping[str, Any],
    name: str,
    state: list[AirbyteStateMessage],
    *,
    machine_time: Callable[[], datetime] = utc_now,
) -> StreamRead:
    """Read the stream incrementally from this state, with two threads per worker as the manifest sets it."""
    repository, outcome, lock = InMemoryMessageRepository(), StreamRead(), Lock()
    sync = sync_for(config)
    stream = record_stream(name, sync, Outlet(repository, ConnectorStateManager(state)), machine_time)

    def read(partition: Any) -> None:
        try:
            for message in partition.read():
                with lock:
                    outcome.messages.append(message)
        except AirbyteTracedException as error:
            outcome.errors.append(str(error.message))

    with ThreadPoolExecutor(2 * sync.config.connection.num_workers) as pool:
        list(pool.map(read, stream.generate_partitions()))
    if not outcome.errors:
        stream.cursor.ensure_at_least_one_state_emitted()
        outcome.messages += [message for message in repository.consume_queue() if message.state]
    sync.warnings.report(logging.getLogger("airbyte"))
    return outcome
