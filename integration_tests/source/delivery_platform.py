"""Imitates the platform: syncs `delivered_records` in this process, and keeps what a destination confirmed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from queue import Queue
from random import Random
from typing import Any

from airbyte_cdk.models import Type
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.source.delivery_sandbox import DeliverySandbox
from powerschool_enrollment_api import Client, ConnectionSettings, Timeouts
from source_powerschool_enrollment.config import DeliveryOption, SourceConfig
from source_powerschool_enrollment.context import SyncContext
from source_powerschool_enrollment.deliveries.stream import delivered_records

QUIET = logging.getLogger("quiet")
QUIET.disabled = True

Message = Mapping[str, Any]  # {"record": {…}} or {"state": {…}}


@dataclass
class Platform:
    """A connection's committed state, and how often it confirmed each record, by target and id."""

    service: DeliverySandbox
    start_date: date = date(2026, 8, 1)
    state: Mapping[str, Any] = field(default_factory=dict)
    confirmed: Counter[tuple[int, int]] = field(default_factory=Counter)

    def confirm(self, messages: list[Message], committed_states: int | None = None) -> None:
        """Commit this number of states, and confirm the records before the last one. None commits all states."""
        places = [place for place, message in enumerate(messages) if "state" in message]
        kept = places[:committed_states]
        if kept:
            self.state = messages[kept[-1]]["state"]
            records = (message["record"] for message in messages[: kept[-1]] if "record" in message)
            self.confirmed.update((record["delivery_target_id"], record["id"]) for record in records)

    def confirm_at_random(self, messages: list[Message], chance: Random) -> None:
        """Confirm all states of a sync, the first few or none."""
        states = sum("state" in message for message in messages)
        self.confirm(messages, chance.choice([0, chance.randint(0, states), states]))

    def sync(
        self, *, sleep: Any = lambda _: None, today: date | None = None, queue_size: int = 10_000
    ) -> list[Message]:
        """Return the messages of a sync. After a failure the last one is `{"failed": True}`."""
        queue: Queue[Any] = Queue(maxsize=queue_size)
        repository = ConcurrentMessageRepository(queue, InMemoryMessageRepository())
        settings = ConnectionSettings(self.service.sandbox.api_key, self.service.sandbox.base_url)
        stream = delivered_records(
            SyncContext(
                SourceConfig(settings), Client(settings, timeouts=Timeouts(connect=5, read=5, retries=20), sleep=sleep)
            ),
            DeliveryOption(tuple(self.service.targets), self.start_date),
            self.state,
            repository,
            today=lambda: today or self.service.now.date(),
            sleep=sleep,
        )
        source = ConcurrentSource.create(4, 1, QUIET, DebugSliceLogger(), repository, queue)
        messages: list[Message] = []
        try:
            for message in source.read([stream]):
                if message.type == Type.RECORD:
                    messages.append({"record": message.record.data})
                if message.type == Type.STATE:
                    messages.append({"state": dict(message.state.stream.stream_state.__dict__)})
        except AirbyteTracedException:
            messages.append({"failed": True})
        return messages

    def lost(self) -> set[tuple[int, int]]:
        """Return the records that were approved and never confirmed, by target and id."""
        return self._approved() - set(self.confirmed)

    def repeated(self) -> set[tuple[int, int]]:
        """Return the records that were confirmed more than once, by target and id."""
        return {record for record, times in self.confirmed.items() if times > 1}

    def _approved(self) -> set[tuple[int, int]]:
        return {(number, record) for number, target in self.service.targets.items() for record in target.approved}


def shape(messages: Iterable[dict[str, Any]]) -> str:
    """Return the message types as letters: `RRS` is two records and a state."""
    return "".join(next(iter(message))[0].upper() for message in messages)


def sync_and_confirm(platform: Platform, times: int = 1) -> list[str]:
    """Sync and confirm everything; return the shape of each sync."""
    shapes = []
    for _ in range(times):
        messages = platform.sync()
        platform.confirm(messages)
        shapes.append(shape(messages))
    return shapes
