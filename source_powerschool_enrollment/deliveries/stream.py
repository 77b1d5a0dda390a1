"""The stream `delivered_records`: one partition per delivery target, and one state for all of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteStream, FailureType, SyncMode
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor, CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record
from typing_extensions import override

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, NotFound
from powerschool_enrollment_api.deliveries import Batch
from source_powerschool_enrollment.config import DeliveryOption
from source_powerschool_enrollment.context import SyncContext
from source_powerschool_enrollment.deliveries.dates import today_in_utc
from source_powerschool_enrollment.deliveries.state import TargetState, read_states, write_states
from source_powerschool_enrollment.deliveries.target import Delivery
from source_powerschool_enrollment.record_types import RecordTypes, schema_of

NAME = "delivered_records"


class DeliveredRecordsStream(DefaultStream):
    """Supports incremental mode only: every full refresh would reset all batches and deliver them again."""

    def as_airbyte_stream(self) -> AirbyteStream:
        """Return the stream's entry in the catalog."""
        stream = super().as_airbyte_stream()
        stream.supported_sync_modes = [SyncMode.incremental]
        return stream


class DeliveryCursor(Cursor):
    """Holds the state of all targets, including those that are no longer configured, and emits it in order."""

    def __init__(self, states: Mapping[str, TargetState], message_repository: MessageRepository) -> None:
        self._states = dict(states)
        self._message_repository = message_repository
        self._lock = threading.Lock()
        self._has_emitted = False

    @property
    def state(self) -> MutableMapping[str, Any]:
        """Return the stream's state as JSON."""
        return write_states(self._states)

    def state_of(self, delivery_target_id: int) -> TargetState | None:
        """Return the state of the target; None if it has no state."""
        return self._states.get(str(delivery_target_id))

    def settle(self, delivery_target_id: int, state: TargetState) -> Iterator[AirbyteMessage]:
        """Yield the message with the target's new state. The caller has already yielded the records before it.

        No other target emits its state until this message is on the queue: states must stay in order, because the
        destination keeps the last one.
        """
        with self._lock:
            self._states[str(delivery_target_id)] = state
            self._has_emitted = True
            yield self._message()

    def ensure_at_least_one_state_emitted(self) -> None:
        """Emit the state if the sync has not emitted any, because it failed before it settled a batch."""
        if not self._has_emitted:
            self._message_repository.emit_message(self._message())

    def observe(self, record: Record) -> None:
        """Do nothing: the state contains batches, not records."""

    def close_partition(self, partition: Partition) -> None:
        """Do nothing: the target's state was emitted with its last batch."""

    @override
    def should_be_synced(self, record: Record) -> bool:
        """Return True: every delivered record is emitted."""
        return True

    def _message(self) -> AirbyteMessage:
        manager = ConnectorStateManager()
        manager.update_state_for_stream(NAME, None, self.state)
        return manager.create_state_message(NAME, None)


@dataclass(frozen=True, eq=False)
class TargetPartition(Partition):
    """One delivery target."""

    delivery: Delivery
    cursor: DeliveryCursor
    types: RecordTypes
    on_unreadable: Callable[[str], None]

    def read(self) -> Iterator[Any]:  # PartitionOutput
        """Yield each batch's records, then the state, which must not overtake them: see PartitionOutput."""
        target = self.delivery.delivery_target_id
        try:
            for batch, state in self.delivery.deliver():
                for record in batch.records or ():
                    yield Record(self._typed(record, batch), NAME)
                yield from self.cursor.settle(target, state)
        except NotFound as error:
            error.message = f"the delivery target {target} does not exist or belongs to another customer."
            raise as_traced_exception(error, FailureType.config_error) from None
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    def to_slice(self) -> Mapping[str, Any]:
        """Return the partition's identity."""
        return {"delivery_target_id": self.delivery.delivery_target_id}

    def stream_name(self) -> str:
        """Return the stream's name."""
        return NAME

    def __hash__(self) -> int:
        return hash(self.delivery.delivery_target_id)

    def _typed(self, record: Mapping[str, Any], batch: Batch) -> dict[str, Any]:
        typed = {
            **record,
            "delivery_target_id": self.delivery.delivery_target_id,
            "batch_id": batch.id,
            "batch_date": batch.date,
        }
        self.types.apply(typed, self.on_unreadable)
        return typed


@dataclass(frozen=True)
class TargetPartitions(PartitionGenerator):
    """Generates one partition per target: targets are read in parallel, the batches of a target strictly in order."""

    partitions: tuple[TargetPartition, ...]

    def generate(self) -> Iterator[Partition]:
        """Yield the partitions. No request is sent before a partition is read."""
        yield from self.partitions


def delivered_records(  # noqa: PLR0913 - a test passes its own date and waiting
    sync: SyncContext,
    option: DeliveryOption,
    stream_state: Mapping[str, Any],
    message_repository: MessageRepository,
    *,
    today: Callable[[], date] = today_in_utc,
    sleep: Callable[[float], None] = time.sleep,
) -> DeliveredRecordsStream:
    """Return the stream. Raises InvalidOption for a state that cannot be read."""
    cursor = DeliveryCursor(read_states(stream_state), message_repository)
    types, on_unreadable = RecordTypes.of_stream(NAME), partial(sync.count_unreadable, NAME)
    deliveries = (
        Delivery(
            sync.client,
            target,
            cursor.state_of(target) or TargetState(option.start_date),
            option.start_date,
            today,
            sleep,
        )
        for target in option.delivery_target_ids
    )
    partitions = tuple(TargetPartition(delivery, cursor, types, on_unreadable) for delivery in deliveries)
    return DeliveredRecordsStream(
        partition_generator=TargetPartitions(partitions),
        name=NAME,
        json_schema=schema_of(NAME),
        primary_key=["id", "delivery_target_id"],
        cursor_field=CursorField("batch_date"),
        logger=logging.getLogger(f"airbyte.streams.{NAME}"),
        cursor=cursor,
    )
