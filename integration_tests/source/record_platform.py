"""Imitates the platform for the record streams: keeps the rows that a warehouse would have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

from powerschool_enrollment_sandbox import District
from powerschool_enrollment_sandbox.district.record_list import RecordList

STREAMS = ("roster_records", "submission_records")


class RecordPlatform:
    """Keeps the newest version of each record that a state confirmed. `counts` has their number by stream."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], dict[str, Any]] = {}
        self.state: dict[str, dict[str, Any]] = {}
        self.counts: Counter[str] = Counter()

    def receive(self, lines: Iterable[str | bytes], *, keeps_rest: bool = False) -> None:
        """Keep the records that a process printed. Keep those after their stream's last state only if `keeps_rest`."""
        pending: dict[str, list[dict[str, Any]]] = {name: [] for name in STREAMS}
        for line in lines:
            message = json.loads(line)
            if message["type"] == "RECORD" and message["record"]["stream"] in pending:
                pending[message["record"]["stream"]].append(message["record"]["data"])
            elif message["type"] == "STATE":
                name = message["state"]["stream"]["stream_descriptor"]["name"]
                if name in pending:
                    self.state[name] = {"type": "STREAM", "stream": message["state"]["stream"]}
                    self._keep(name, pending[name])
                    pending[name] = []
        if keeps_rest:
            for name, records in pending.items():
                self._keep(name, records)

    def lost(self, district: District) -> set[tuple[str, int]]:
        """Return the records of the district that are missing here, or have another status."""
        expected = statuses_at_service(district)
        return {key for key, status in expected.items() if self.rows.get(key, {}).get("status") != status}

    def _keep(self, name: str, records: Iterable[dict[str, Any]]) -> None:
        for record in records:
            key = name, record["id"]
            if key not in self.rows or self.rows[key]["synced_at"] <= record["synced_at"]:
                self.rows[key] = record
            self.counts[name] += 1


def edit_some(district: District, chance: Random) -> dict[tuple[RecordList, int], str]:
    """Edit three records of each form's roster, and return their earlier statuses."""
    statuses = {}
    for form in district.forms.values():
        for record_id in chance.sample(form.roster.ids(), 3):
            statuses[form.roster, record_id] = form.roster[record_id]["status"]
            form.roster.edit(record_id, status=f"Held {chance.random()}")
    return statuses


def statuses_at_service(district: District) -> dict[tuple[str, int], str]:
    """Return the status of each record of the district."""
    return {
        (name, record_id): records[record_id]["status"]
        for form in district.forms.values()
        for name, records in zip(STREAMS, (form.roster, form.submissions), strict=True)
        for record_id in records.ids()
    }
