"""The source's connection in a simulation: record streams and deliveries in one sync."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from queue import Queue
from random import Random
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteMessageSerializer, AirbyteStateMessageSerializer, Type
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.connector import configured_catalog, discovered_streams, source_arguments
from integration_tests.soak.simulated_district import SimulatedDistrict
from integration_tests.source.delivery_platform import QUIET, Message, Platform
from integration_tests.source.delivery_process import CATALOG, KilledSync, config_of, state_messages
from integration_tests.source.record_platform import STREAMS, RecordPlatform
from integration_tests.source.wrong_delivery_answers import LOSSES
from powerschool_enrollment_api import Client, ConnectionSettings, Timeouts
from source_powerschool_enrollment.config import DeliveryOption, SourceConfig
from source_powerschool_enrollment.context import SyncContext
from source_powerschool_enrollment.deliveries.stream import delivered_records
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.stream import RECORD_STREAMS, Outlet, record_stream
from source_powerschool_enrollment.records.sync_clock import utc_now


class SourceConnection:
    """A connection of three streams. `records` and `deliveries` hold what the platform has received."""

    def __init__(self, district: SimulatedDistrict, folder: Path) -> None:
        self.district = district
        self.chance = district.chance
        self.folder = folder
        self.records = RecordPlatform()
        self.deliveries = Platform(district.service)
        self.page_size = self.chance.choice([5, 10, 25])
        self.warnings: list[str] = []
        # The error of the machine's clock. If no state confirms the last records, the clock must not be set back.
        self.clock_offset = timedelta()
        self.may_set_clock = True

    def sync_until_killed(self) -> bool:
        """Start a sync as a process, kill it, and return whether it was still running."""
        sync = KilledSyncOfAll(self)
        self.deliveries.confirm_at_random(sync.run(), self.chance)
        self.records.receive(sync.lines, keeps_rest=self.chance.random() < 0.5)
        self.clock_offset, self.may_set_clock = timedelta(), False
        return sync.process.exitcode == -9

    def sync_in_part(self) -> bool:
        """Sync in this process, and let the platform receive only a part of it. Return False: no process is killed."""
        lines = [*self._sync(queue_size=self.chance.choice([1, 3, 10_000]))]
        received = lines[: self.chance.randint(0, len(lines))] if self.chance.random() < 0.7 else lines
        self.may_set_clock = len(received) == len(lines)
        self.records.receive(received, keeps_rest=self.chance.random() < 0.5)
        self.deliveries.confirm_at_random(_delivered(received), self.chance)
        return False

    def complete(self) -> None:
        """Sync in this process, and let the platform receive everything."""
        lines = [*self._sync()]
        self.may_set_clock = True
        self.records.receive(lines)
        self.deliveries.confirm(_delivered(lines))

    def losses(self) -> Counter[str]:
        """Count what was lost and repeated. A lost delivery that a warning has reported is counted separately."""
        undelivered = len(self.deliveries.lost())
        is_reported = any(loss in warning for warning in self.warnings for loss in LOSSES)
        lost = len(self.records.lost(self.district.data)) + (0 if is_reported else undelivered)
        return Counter(
            {
                "lost": lost,
                "lost with a warning": undelivered if is_reported else 0,
                "repeated": len(self.deliveries.repeated()),
                "confirmed": len(self.deliveries.confirmed) + sum(self.records.counts.values()),
            }
        )

    def states(self) -> list[dict[str, Any]]:
        """Return the committed states as the platform passes them."""
        return [*self.records.state.values(), *state_messages(self.deliveries.state)]

    def config(self) -> dict[str, Any]:
        return {**config_of(self.deliveries), "page_size": self.page_size, "num_workers": 4}

    def _sync(self, *, queue_size: int = 10_000) -> Iterator[str]:
        """Yield the records and states of a sync, as lines."""
        if self.may_set_clock:
            self.clock_offset = timedelta(hours=self.chance.choice([-30, -1, 0, 2]))
        queue: Queue[Any] = Queue(maxsize=queue_size)
        repository = ConcurrentMessageRepository(queue, InMemoryMessageRepository())
        source = ConcurrentSource.create(4, 1, QUIET, DebugSliceLogger(), repository, queue)
        backlog = Backlog.of_pages(self.page_size)
        messages = source.read(self._streams(repository, backlog))
        handler = _Warnings(self.warnings)
        logging.getLogger("airbyte").addHandler(handler)
        try:
            yield from map(_line, filter(_is_kept, backlog.written(messages, RECORD_STREAMS)))
        except AirbyteTracedException:
            return
        finally:
            logging.getLogger("airbyte").removeHandler(handler)
            backlog.close()

    def _streams(self, repository: ConcurrentMessageRepository, backlog: Backlog) -> list[Any]:
        sandbox = self.district.service.sandbox
        settings = ConnectionSettings(sandbox.api_key, sandbox.base_url, num_workers=4)
        client = Client(settings, timeouts=Timeouts(connect=5, read=5, retries=20), sleep=_no_sleep)
        sync = SyncContext(SourceConfig(settings, page_size=self.page_size), client)
        states = ConnectorStateManager([*map(AirbyteStateMessageSerializer.load, self.states())])
        outlet = Outlet(repository, states, backlog)
        target_ids = tuple(self.district.service.targets)
        today = self.district.service.now.date()
        option = DeliveryOption(target_ids, self.deliveries.start_date)
        delivered = delivered_records(
            sync, option, self.deliveries.state, repository, today=lambda: today, sleep=_no_sleep
        )
        offset = self.clock_offset
        return [delivered, *(record_stream(name, sync, outlet, lambda: utc_now() + offset) for name in STREAMS)]


class KilledSyncOfAll(KilledSync):
    """A killed sync of all three streams. `lines` is its output."""

    def __init__(self, connection: SourceConnection) -> None:
        chance = Random(connection.chance.random())
        super().__init__(connection.deliveries, connection.folder, chance)
        self.last_request = connection.deliveries.service.requests + chance.randint(0, 30)
        self.last_line = chance.randint(1, 150)
        self.lines: list[bytes] = []
        catalog = configured_catalog(discovered_streams(), STREAMS, "incremental")["streams"] + CATALOG["streams"]
        self.arguments = source_arguments(
            "read",
            connection.folder,
            config=connection.config(),
            catalog={"streams": catalog},
            state=connection.states(),
        )
        self._district = connection.district

    def messages_in(self, line: bytes) -> list[Message]:
        """Keep the line, and return its message if it belongs to deliveries."""
        if line.endswith(b"\n") and line.strip():
            self.lines.append(line)
        return [message for message in super().messages_in(line) if _is_of_deliveries(message)]

    def fault_for(self, when: str, path: str) -> str | None:
        """Kill the process at its last request; before that, return the fault that the district chooses."""
        return super().fault_for(when, path) or self._district.fault_for(when, path)


class _Warnings(logging.Handler):
    """Keeps warnings in a list."""

    def __init__(self, warnings: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._warnings = warnings

    def emit(self, record: logging.LogRecord) -> None:
        self._warnings.append(record.getMessage())


def _delivered(lines: list[str]) -> list[Message]:
    messages = []
    for message in map(json.loads, lines):
        content: Message = (
            {"record": message["record"]["data"]}
            if message["type"] == "RECORD"
            else {"state": message["state"]["stream"]["stream_state"]}
        )
        if _is_of_deliveries(content):
            messages.append(content)
    return messages


def _is_of_deliveries(message: Message) -> bool:
    content = message.get("record") or message.get("state") or {}
    return "delivery_target_id" in content or "delivery_targets" in content


def _is_kept(message: AirbyteMessage) -> bool:
    return message.type in (Type.RECORD, Type.STATE)


def _line(message: AirbyteMessage) -> str:
    return json.dumps(AirbyteMessageSerializer.dump(message))


def _no_sleep(_seconds: float) -> None:
    pass
