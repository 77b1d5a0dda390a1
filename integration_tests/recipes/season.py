"""A district, the changes in it, and the warehouse that it is synced to before and after them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from integration_tests.pyairbyte import HAS_PYAIRBYTE
from integration_tests.recipes.sync_without_pyairbyte import sync_without_pyairbyte
from integration_tests.recipes.warehouse import Warehouse
from integration_tests.warm_process import run_warm
from powerschool_enrollment_sandbox import District, Sandbox
from powerschool_enrollment_sandbox.district.checklists import Checklist

OPENED = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)
BIRTH, RESIDENCY = "doc_BirthCertificate", "doc_ProofOfResidency"
TABLES = (
    "published_actions",
    "roster_records",
    "submission_records",
    "delivery_targets",
    "checklists",
    "checklist_details",
    "checklist_entries",
)
SYNC = Path(__file__).parents[1] / "postgres" / "sync.py"
Record = dict[str, Any]


@dataclass(frozen=True)
class IncompleteChecklist(Checklist):
    """A checklist whose first item is missing in every third student's entry."""

    def entries(self) -> list[Record]:
        entries = super().entries()
        for entry in entries[::3]:
            del entry["checklistItems"][0]
        return entries


@dataclass
class Snapshot:
    """The service's records at one moment, by form."""

    roster: dict[int, list[Record]]
    submissions: dict[int, list[Record]]

    @classmethod
    def of(cls, district: District) -> Snapshot:
        return cls(
            {form.id: list(form.roster) for form in district.forms.values()},
            {form.id: list(form.submissions) for form in district.forms.values()},
        )


@dataclass
class Season:
    """A district and the warehouse that its records, and then its deliveries, are synced to."""

    sandbox: Sandbox
    warehouse: Warehouse
    write_strategy: str
    schema: str = "main"
    detect_removed_records: bool = False
    removed: list[int] = field(default_factory=list)

    def sync_first(self) -> None:
        """Run the first sync."""
        self.prepare()
        self.before = Snapshot.of(self.sandbox.district)
        self.sync(*self.steps())

    def change_and_sync(self) -> None:
        """Change the district, and sync again."""
        self.sandbox.clock.shift(days=1)
        self.change_district()
        self.after = Snapshot.of(self.sandbox.district)
        self.sync(*self.steps())

    def steps(self) -> list[dict[str, Any]]:
        """Return the syncs in their order: a delivery changes the record that it delivers, and adds a batch."""
        return [self.records(), self.deliveries(), self.sync_of(["batches", "open_batches"])]

    def prepare(self) -> None:
        self.sandbox.clock.freeze(OPENED)
        checklists = self.sandbox.district.checklists
        for number, checklist in checklists.items():
            checklists[number] = IncompleteChecklist(**vars(checklist))

    def change_district(self) -> None:
        _, second, third = self.sandbox.district.forms.values()
        for record_id in second.submissions.ids()[5:60:11]:
            second.submissions.edit(record_id, {"hh_City": "Marfa"}, status="Rejected")
        for form in (second, third):
            self.removed.append(form.submissions.ids()[30])
            form.submissions.remove(self.removed[-1])
        target = self.target
        (batch, _) = target.batches[-2:]  # the newest, and the empty one that ended the sync
        for record_id in batch.record_ids:
            target.submissions.edit(record_id, {"stu_School": "Marfa Junior High"})
        target.reset_batch(batch.id)
        target.approve(3)

    def roster(self) -> list[tuple[int, Record]]:
        """Return form and newest version of each roster record that was ever synced."""
        return _newest(self.before.roster, self.after.roster)

    def submissions(self) -> list[tuple[int, Record]]:
        """Return form and newest version of each submission record that was synced, without detected removals."""
        gone = self.removed if self.detect_removed_records else []
        synced = _newest(self.before.submissions, self.after.submissions)
        return [(form, record) for form, record in synced if record["id"] not in gone]

    @property
    def target(self) -> Any:
        return next(iter(self.sandbox.district.delivery_targets.values()))

    def records(self) -> dict[str, Any]:
        documents = [{"field": BIRTH, "file_name_field": f"{BIRTH}_FileName"}, {"field": RESIDENCY}]
        options = {"detect_removed_records": True} if self.detect_removed_records else {}
        return self.sync_of([*TABLES, "documents"], documents=documents, **options)

    def deliveries(self) -> dict[str, Any]:
        deliveries = {"mode": "consume", "delivery_target_ids": [self.target.id], "start_date": f"{OPENED:%Y-%m-%d}"}
        return self.sync_of(["delivered_records"], deliveries=deliveries)

    def sync_of(self, streams: list[str], **options: Any) -> dict[str, Any]:
        cache, arguments = self.warehouse.cache(self.schema)
        replaced = self.write_strategy == "replace"
        return {
            "cache": cache,
            "arguments": arguments,
            "how": {"write_strategy": self.write_strategy, "force_full_refresh": replaced},
            "streams": streams,
            "config": {
                "api_key": self.sandbox.api_key,
                "base_url": self.sandbox.base_url,
                "page_size": 25,
                **options,
            },
        }

    def sync(self, *syncs: Mapping[str, Any]) -> None:
        if HAS_PYAIRBYTE:
            run_warm(SYNC, json.dumps(syncs), folder=self.warehouse.folder).check_returncode()
        else:
            sync_without_pyairbyte(syncs)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.warehouse.rows(sql, self.schema)


def _newest(before: Mapping[int, list[Record]], after: Mapping[int, list[Record]]) -> list[tuple[int, Record]]:
    newest = {
        record["id"]: (form, record)
        for moment in (before, after)
        for form, records in moment.items()
        for record in records
    }
    return list(newest.values())
