"""The destination's connection in a simulation: versions of students, sent again from the last confirmed state."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tenacity import wait_fixed

from destination_powerschool_enrollment.catalog import parse_catalog
from destination_powerschool_enrollment.config import parse_config
from destination_powerschool_enrollment.protocol import read_messages
from destination_powerschool_enrollment.sync import WriteSync
from integration_tests.destination.session import COMMAND, Session, catalog, record, stream_state
from integration_tests.soak.simulated_district import SimulatedDistrict
from integration_tests.warm_process import WarmProcess
from powerschool_enrollment_api import EnrollmentError, retry

COLUMNS = ("ExternalID", "FirstName", "LastName", "DateOfBirth")
STUDENTS = 12


class RosterUpstream:
    """A source of rows. `confirmed` is the number of rows before the last state that the destination returned."""

    def __init__(self, district: SimulatedDistrict, folder: Path) -> None:
        self.district = district
        self.chance = district.chance
        self.folder = folder
        self.form = next(iter(district.data.forms.values()))
        self.rows: list[dict[str, str]] = []
        self.confirmed = 0
        self.sent = 0

    def sync_until_killed(self) -> bool:
        """Start a write as a process, kill it after some states, and return whether it was still running."""
        messages = self._messages()
        session = Session(self.folder, self._config(), self._catalog(), start=_start_with_short_pauses)
        session.send(*messages)
        wanted = self.chance.randint(0, sum(message["type"] == "STATE" for message in messages))
        while len(session.states) < wanted and not session.output_has_ended:
            time.sleep(0.002)
        session.kill()
        self._confirm(session.states)
        return bool(session.code)

    def sync_in_part(self) -> bool:
        """Write a part of the rows in this process, and lose some of the states. Return False: no process is killed."""
        messages = self._messages()
        states = self._write(messages[: self.chance.randint(0, len(messages))])
        self._confirm(states[: self.chance.randint(0, len(states))])
        return False

    def complete(self) -> None:
        """Write all rows that are not confirmed."""
        self._confirm(self._write(self._messages()))

    def losses(self) -> Counter[str]:
        """Count the students whose last version is not in the form, and the rows that were sent more than once."""
        names = {each["externalStudentID"]: each["firstName"] for each in self.form.roster}
        last = {row["ExternalID"]: row["FirstName"] for row in self.rows}
        lost = sum(names.get(student) != name for student, name in last.items() if student not in self._removed())
        lost += self.confirmed != len(self.rows)
        return Counter(lost=lost, repeated=self.sent - len(self.rows), confirmed=self.confirmed)

    def _removed(self) -> set[str]:
        """Return the students that a change of the district removed after they were written."""
        present = {each["externalStudentID"] for each in self.form.roster}
        attempts = self.district.data.imports.attempts
        return {attempt.row["ExternalID"] for attempt in attempts if attempt.record_id is not None} - present

    def _messages(self) -> list[dict[str, Any]]:
        """Add rows, and return the messages after the last confirmed state, with a state after every fourth row."""
        for number in range(len(self.rows), len(self.rows) + self.chance.randint(0, 25)):
            student = f"S{self.chance.randrange(STUDENTS)}"
            self.rows.append(
                {"ExternalID": student, "FirstName": f"V{number}", "LastName": "B", "DateOfBirth": "2015-01-02"}
            )
        messages: list[dict[str, Any]] = []
        for number in range(self.confirmed, len(self.rows)):
            messages.append(record(self.rows[number]))
            if number % 4 == 3 or number == len(self.rows) - 1:
                messages.append(stream_state(number + 1))
        self.sent += len(self.rows) - self.confirmed
        return messages

    def _write(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        states: list[dict[str, Any]] = []
        lines = (json.dumps(message).encode() for message in messages)
        try:
            sync = WriteSync(parse_config(self._config()), parse_catalog(self._catalog()))
            states.extend(message["state"] for message in sync.write(read_messages(lines)))
        except EnrollmentError:
            pass  # the service failed; the states until then count
        return states

    def _confirm(self, states: list[dict[str, Any]]) -> None:
        if states:
            self.confirmed = states[-1]["stream"]["stream_state"]["cursor"]

    def _catalog(self) -> dict[str, Any]:
        return catalog(columns=COLUMNS)

    def _config(self) -> dict[str, Any]:
        sandbox = self.district.service.sandbox
        schema = next(key for key, each in self.form.import_schemas.items() if "ExternalID" in each.fields)
        target = {"type": "import_schema", "published_action_id": self.form.id, "import_schema_id": schema}
        entry = {"stream": "students", "target": target, "key_field": "ExternalID"}
        return {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "num_workers": 4, "imports": [entry]}


def _shorten_pauses() -> None:
    retry._BACK_OFF = wait_fixed(0.001)


def _start_with_short_pauses(arguments: list[str], environment: dict[str, str]) -> WarmProcess:
    """Start the destination in a process with almost no pause between attempts."""
    variables = {**os.environ, **environment}
    imported = ("destination_powerschool_enrollment.destination",)
    return WarmProcess(*COMMAND, *arguments, environment=variables, before=_shorten_pauses, imported=imported)
