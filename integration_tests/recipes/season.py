"""A district, the changes in it, and the warehouse it was synced to between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

from integration_tests.pyairbyte import HAS_PYAIRBYTE
from integration_tests.recipes.own_sync import sync as sync_without_pyairbyte
from integration_tests.warm_process import run_warm
from powerschool_enrollment_sandbox import District, Sandbox
from powerschool_enrollment_sandbox.district.checklists import Checklist

OPENED = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)
BIRTH, RESIDENCY = "doc_BirthCertificate", "doc_ProofOfResidency"
TABLES = ("published_actions", "roster_records", "submission_records", "checklist_details", "checklist_entries")
Record = dict[str, Any]


@dataclass(frozen=True)
class ForgetfulChecklist(Checklist):
    """Every third student's entry does not mention the first item."""

    def entries(self) -> list[Record]:
        entries = super().entries()
        for entry in entries[::3]:
            del entry["checklistItems"][0]
        return entries


@dataclass
class Truth:
    """The service's own records at one moment, by form."""

    roster: dict[int, list[Record]]
    submissions: dict[int, list[Record]]

    @classmethod
    def of(cls, district: District) -> Truth:
        return cls(
            {form.id: list(form.roster) for form in district.forms.values()},
            {form.id: list(form.submissions) for form in district.forms.values()},
        )


@dataclass
class Season:
    """Schemas in one file: `main` as `make sync` leaves it, `history` in append mode, and a later `snapshot`.

    `detected` was synced twice with the option `detect_removed_records`.
    """

    sandbox: Sandbox
    folder: Path
    removed: list[int] = field(default_factory=list)

    def play(self) -> None:
        """Sync, let things happen, and sync again."""
        self.prepare()
        self.before = Truth.of(self.sandbox.district)
        self.sync(self.main(), self.history(), self.detected())
        self.sandbox.clock.shift(days=1)
        self.let_things_happen()
        self.after = Truth.of(self.sandbox.district)
        self.sync(self.history(), self.snapshot(), self.detected())

    def prepare(self) -> None:
        self.sandbox.clock.freeze(OPENED)
        checklists = self.sandbox.district.checklists
        for number, checklist in checklists.items():
            checklists[number] = ForgetfulChecklist(**vars(checklist))

    def let_things_happen(self) -> None:
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

    @property
    def target(self) -> Any:
        return next(iter(self.sandbox.district.delivery_targets.values()))

    def main(self) -> dict[str, Any]:
        documents = [{"field": BIRTH, "file_name_field": f"{BIRTH}_FileName"}, {"field": RESIDENCY}]
        return self._sync_of("main", "auto", [*TABLES, "documents"], documents=documents)

    def history(self) -> dict[str, Any]:
        # Records of the second form and deliveries of the first: a delivery changes the record that it delivers.
        _, second, _ = self.sandbox.district.forms
        chosen = {"mode": "ids", "ids": [second]}
        deliveries = {"mode": "consume", "delivery_target_ids": [self.target.id], "start_date": f"{OPENED:%Y-%m-%d}"}
        streams = ["submission_records", "delivered_records"]
        return self._sync_of("history", "append", streams, published_actions=chosen, deliveries=deliveries)

    def snapshot(self) -> dict[str, Any]:
        return self._sync_of("snapshot", "replace", ["roster_records", "submission_records"])

    def detected(self) -> dict[str, Any]:
        return self._sync_of("detected", "auto", ["submission_records"], detect_removed_records=True)

    def _sync_of(self, schema: str, write_strategy: str, streams: list[str], **options: Any) -> dict[str, Any]:
        return {
            "db_path": str(self.warehouse),
            "schema": schema,
            "write_strategy": write_strategy,
            "streams": streams,
            "config": {
                "api_key": self.sandbox.api_key,
                "base_url": self.sandbox.base_url,
                "page_size": 25,
                **options,
            },
        }

    @property
    def warehouse(self) -> Path:
        return self.folder / "powerschool_enrollment.duckdb"

    def sync(self, *syncs: Mapping[str, Any]) -> None:
        if HAS_PYAIRBYTE:
            script = Path(__file__).with_name("pyairbyte_sync.py")
            run_warm(script, json.dumps(syncs), folder=self.folder).check_returncode()
        else:
            sync_without_pyairbyte(syncs)

    def rows(self, sql: str, schema: str = "main") -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute(f"set schema = '{schema}'")
            return connection.execute(sql).fetchall()
