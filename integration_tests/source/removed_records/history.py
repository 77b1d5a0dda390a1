"""Random histories of one record stream: a changing district, syncs that fail or are killed, and their warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage
from airbyte_cdk.sources.types import Record

from integration_tests.source.stream_read import last_state, read_stream
from powerschool_enrollment_sandbox import District, Fault, Sandbox
from source_powerschool_enrollment.records.look_ups import DELETED_AT
from source_powerschool_enrollment.records.sync_clock import utc_now

STREAMS = {"roster_records": ("roster", "rosterrecords"), "submission_records": ("submissions", "submissionrecords")}
LOOK_UP_FAULTS = (
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 200, "body": "html"},
    {"kind": "drop"},
)


class Registrar:
    """Changes the records of one stream at random, and knows which ones were removed."""

    def __init__(self, district: District, attribute: str, chance: Random) -> None:
        self.district = district
        self.chance = chance
        self.removed: dict[int, dict[str, Any]] = {}
        self.attribute = attribute

    @property
    def lists(self) -> list[Any]:
        return [getattr(form, self.attribute) for form in self.district.forms.values()]

    def at_service(self) -> dict[int, tuple[int, str]]:
        """Return form and status of each record, by its id."""
        return {
            record_id: (form.id, getattr(form, self.attribute)[record_id]["status"])
            for form in self.district.forms.values()
            for record_id in getattr(form, self.attribute).ids()
        }

    def change(self, most: int) -> None:
        kinds = (self.insert, self.edit, self.remove, self.remove, self.restore, self.restore, self.move)
        for _ in range(self.chance.randint(0, most)):
            self.chance.choice(kinds)()

    def insert(self) -> None:
        records = self.chance.choice(self.lists)
        records.insert(self.place_in(records))

    def edit(self) -> None:
        for records, record_id in self.any_record():
            records.edit(record_id, status=f"Held {self.chance.random()}")

    def remove(self) -> None:
        for records, record_id in self.any_record():
            self.removed[record_id] = records.remove(record_id)

    def restore(self) -> None:
        """Restore a removed record unchanged, in any form."""
        if self.removed:
            record = self.removed.pop(self.chance.choice(sorted(self.removed)))
            records = self.chance.choice(self.lists)
            records.put(record, self.place_in(records))

    def move(self) -> None:
        for records, record_id in self.any_record():
            target = self.chance.choice(self.lists)
            target.put(records.remove(record_id), self.place_in(target))

    def remove_form(self) -> None:
        if len(self.district.forms) > 1:
            form = self.district.forms[self.chance.choice(sorted(self.district.forms))]
            records = getattr(form, self.attribute)
            self.removed.update({record_id: records[record_id] for record_id in records.ids()})
            self.district.remove_form(form.id)

    def any_record(self) -> Iterator[tuple[Any, int]]:
        filled = [records for records in self.lists if len(records)]
        if filled:
            records = self.chance.choice(filled)
            yield records, self.chance.choice(records.ids())

    def place_in(self, records: Any) -> int | None:
        return self.chance.choice([None, self.chance.randint(0, len(records))])


@dataclass
class Warehouse:
    """The newest version of each record by `synced_at`, and the last state."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    state: list[AirbyteStateMessage] = field(default_factory=list)

    def load(self, messages: list[Any], *, with_unconfirmed: bool) -> None:
        """Load the records before the last state, or all records if `with_unconfirmed`, and keep that state."""
        states = [place for place, message in enumerate(messages) if not isinstance(message, Record)]
        self.state = last_state(messages) or self.state
        end = len(messages) if with_unconfirmed else states[-1] if states else 0
        for message in messages[:end]:
            if isinstance(message, Record):
                row = dict(message.data)
                if row["synced_at"] >= self.rows.get(row["id"], row)["synced_at"]:
                    self.rows[row["id"]] = row


class History:
    """One district, its syncs and their warehouse."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        self.sandbox = sandbox
        self.chance = Random(seed)
        self.name = self.chance.choice(sorted(STREAMS))
        attribute, self.path = STREAMS[self.name]
        sandbox.district = District.generate(
            seed=seed % 20,
            forms=self.chance.randint(1, 3),
            roster_records_per_form=self.chance.randint(0, 7),
            submission_records_per_form=self.chance.randint(0, 7),
            data_items=2,
            checklists=0,
            delivery_targets=0,
        )
        self.registrar = Registrar(sandbox.district, attribute, self.chance)
        self.page_size = self.chance.randint(2, 4)
        self.warehouse = Warehouse()
        self.tombstones = 0
        self.look_ups: list[tuple[int, bool]] = []  # of this sync: the id, and whether the record exists
        self.hidden: set[int] = set()  # ids that a look-up found while some forms were not selected
        self.moved: set[int] = set()  # ids of records that changed during a read
        self.is_disturbed = False
        self.clock_offset = timedelta()

    def run(self, syncs: int) -> None:
        """Run the syncs with changes between them, and a last one during which nothing changes or fails."""
        disturbed = self.chance.randrange(syncs)  # only one: after two reads miss a record, it is not looked up again
        for number in range(syncs):
            self.sync(is_disturbed=number == disturbed, selected=self.some_forms(), fault=self.some_fault())
            self.registrar.change(4)
            if self.chance.random() < 0.1:
                self.registrar.remove_form()
        self.sync()

    def sync(
        self, *, is_disturbed: bool = False, selected: list[int] | None = None, fault: Fault | None = None
    ) -> None:
        """Sync once, and check each tombstone. With a fault, a disturbance or selected forms it may also be killed."""
        self.look_ups.clear()
        self.is_disturbed = is_disturbed
        self.sandbox.on_request = self.before_answer
        before = self.registrar.at_service()
        if fault:
            self.sandbox.faults.add(fault)
        messages = self.messages(selected)
        self.sandbox.faults.clear()
        self.sandbox.on_request = None
        if is_disturbed:
            after = self.registrar.at_service()
            self.moved |= {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
        absent = {record_id for record_id, exists in self.look_ups if not exists}
        emitted = {
            message.data["id"] for message in messages if isinstance(message, Record) and DELETED_AT in message.data
        }
        assert emitted <= absent
        self.tombstones += len(emitted)
        if selected:
            self.hidden |= {record_id for record_id, exists in self.look_ups if exists}
        may_be_killed = is_disturbed or fault is not None or selected is not None
        end = self.chance.randint(0, len(messages)) if may_be_killed and self.chance.random() < 0.5 else len(messages)
        self.warehouse.load(messages[:end], with_unconfirmed=self.chance.random() < 0.5)
        if end == len(messages):  # after records that no state confirms, the clock must not be set back
            self.clock_offset = timedelta(hours=self.chance.choice([-30, -1, 0, 2]))

    def messages(self, selected: list[int] | None) -> list[Any]:
        """Return what a sync emits, in the order of the queue."""
        config = {
            "api_key": self.sandbox.api_key,
            "base_url": self.sandbox.base_url,
            "page_size": self.page_size,
            "num_workers": 2,
            "detect_removed_records": True,
            **({"published_actions": {"mode": "ids", "ids": selected}} if selected else {}),
        }
        state, offset = self.warehouse.state, self.clock_offset
        return read_stream(config, self.name, state, machine_time=lambda: utc_now() + offset).messages

    def before_answer(self, entry: Any) -> None:
        """Record each look-up. If the sync is disturbed, change records while it reads."""
        kind, _, record_id = entry.path.strip("/").partition("/")
        if kind == self.path:
            self.look_ups.append((int(record_id), int(record_id) in self.registrar.at_service()))
        elif self.is_disturbed and kind == "publishedactions" and record_id and self.chance.random() < 0.3:
            self.registrar.change(2)

    def some_forms(self) -> list[int] | None:
        forms = sorted(self.sandbox.district.forms)
        return self.chance.sample(forms, self.chance.randint(1, len(forms))) if self.chance.random() < 0.3 else None

    def some_fault(self) -> Fault | None:
        drawn = self.chance.random()
        if drawn < 0.2:
            fault = self.chance.choice(LOOK_UP_FAULTS)
            return Fault(path=f"/{self.path}/*", times=self.chance.randint(1, 4), **fault)
        if drawn < 0.3:
            return Fault("status", path=f"*/{self.path}", status=400, times=1, skip=self.chance.randint(0, 5))
        return None

    def assert_equal_to_service(self) -> None:
        expected = self.registrar.at_service()
        rows = self.warehouse.rows
        present = {record_id for record_id, row in rows.items() if DELETED_AT not in row}
        assert expected.keys() - present == set(), "records are missing"
        assert present - expected.keys() - self.hidden == set(), "removed records are still there"
        for record_id in expected.keys() - self.moved:
            found = rows[record_id]["published_action_id"], rows[record_id]["status"]
            assert found == expected[record_id], "a record is not the newest version"
