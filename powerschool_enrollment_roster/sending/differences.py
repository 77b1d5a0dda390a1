"""Counts the rows that differ from the form's roster, and the fields in which they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from destination_powerschool_enrollment.roster_comparison import RosterDigests


@dataclass
class Differences:
    """How many rows are new, changed or unchanged, and in how many rows each field differs."""

    roster: RosterDigests
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    fields: Counter[str] = field(default_factory=Counter)

    @property
    def uncompared_fields(self) -> list[str]:
        """Return the fields that no record contains, perhaps because records name them differently."""
        return sorted(self.roster.fields_in_no_record)

    def add(self, fields: Mapping[str, str]) -> None:
        """Count a row. `fields` has the values that would be sent."""
        if not self.roster.has_student(fields):
            self.new += 1
            return
        uncompared = self.roster.fields_in_no_record
        differing = self.roster.differing({name: value for name, value in fields.items() if name not in uncompared})
        self.fields.update(differing or ())
        # Two records of one student cannot be compared: the row counts as changed, because it is sent.
        self.unchanged += differing == []
        self.changed += differing != []
