"""Syncs `delivered_records` in a process that can be killed at any moment."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from integration_tests.connector import source_arguments
from integration_tests.source.delivery_platform import Message, Platform
from integration_tests.source.delivery_sandbox import no_fault
from integration_tests.source.forked_connector import forked_connector

CATALOG = {
    "streams": [
        {
            "stream": {"name": "delivered_records", "json_schema": {}, "supported_sync_modes": ["incremental"]},
            "sync_mode": "incremental",
            "destination_sync_mode": "append",
            "cursor_field": ["batch_date"],
        }
    ]
}


def config_of(platform: Platform) -> dict[str, Any]:
    targets = list(platform.service.targets)
    deliveries = {
        "mode": "consume",
        "delivery_target_ids": targets,
        "start_date": platform.start_date.isoformat(),
    }
    sandbox = platform.service.sandbox
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "deliveries": deliveries}


def state_messages(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the state as the platform passes it."""
    stream = {"stream_descriptor": {"name": "delivered_records"}, "stream_state": state}
    return [{"type": "STREAM", "stream": stream}] if state else []


class KilledSync:
    """One `read` that is killed at a random request, before or after the service acts on it, or at a random line."""

    def __init__(self, platform: Platform, folder: Path, chance: random.Random) -> None:
        self.platform = platform
        self.chance = chance
        self.kills_at_request = chance.random() < 0.7
        self.last_request = platform.service.requests + chance.randint(0, 8)
        self.last_moment = chance.choice(["before", "after"])
        self.last_line = chance.randint(1, 60)
        self.arguments = source_arguments(
            "read", folder, config=config_of(platform), catalog=CATALOG, state=state_messages(platform.state)
        )

    def run(self) -> list[Message]:
        """Return the records and states that the process printed before it was killed."""
        # In production the output is buffered: a killed process loses what it has not flushed.
        with forked_connector(self.arguments, buffered=self.chance.choice([True, False])) as connector:
            self.process = connector.process
            self.platform.service.fault_for = self.fault_for
            try:
                received = [message for line in connector.stdout for message in self.messages_in(line)]
            finally:
                self.platform.service.fault_for = no_fault
        return received

    def messages_in(self, line: bytes) -> list[Message]:
        """Return the record or state in a line of output, and kill the process at its last line."""
        try:
            message = json.loads(line)
        except ValueError:
            return []  # cut by the kill
        self.last_line -= 1
        if self.last_line == 0 and not self.kills_at_request:
            self.process.kill()
        if message["type"] == "RECORD":
            return [{"record": message["record"]["data"]}]
        if message["type"] == "STATE":
            return [{"state": message["state"]["stream"]["stream_state"]}]
        return []

    def fault_for(self, when: str, path: str) -> str | None:
        service = self.platform.service
        if self.chance.random() < 0.2:
            service.approve(self.chance.choice(list(service.targets)), self.chance.randint(1, 5))
        if self.kills_at_request and when == self.last_moment and service.requests >= self.last_request:
            self.process.kill()
            return "drop"
        if "createbatch" in path and self.chance.random() < 0.1:
            return self.chance.choice(["drop", "500"])
        return None
