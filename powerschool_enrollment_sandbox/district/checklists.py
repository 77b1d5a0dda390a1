"""Checklists: the documents and tasks that a school expects of each student, and which are completed."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from powerschool_enrollment_sandbox.district.seeded_random import draws
from powerschool_enrollment_sandbox.district.students import student

_ITEMS = (
    ("Document", "Birth certificate", "A certified copy."),
    ("Document", "Immunization record", ""),
    ("Document", "Proof of residency", "Lease or utility bill of the last 60 days."),
    ("Photo", "Photo", "School photo."),
    ("Task", "Home language survey", ""),
)
TITLES = ("New student documents", "Athletics", "Visual Arts", "Music", "Graduation")
_STATUSES = ("Completed", "Completed", "Completed", "Incomplete", "NotStarted", "Waived")


@dataclass(frozen=True)
class Checklist:
    """A checklist. Its entries are generated when they are read."""

    id: int
    title: str
    academic_year: str
    seed: int
    item_ids: tuple[int, ...]
    entry_ids: range
    school_year: int

    def as_json(self) -> dict[str, Any]:
        """Return the checklist as `checklists` lists it."""
        return {"id": self.id, "title": self.title, "academicYear": self.academic_year}

    def details(self) -> dict[str, Any]:
        """Return the checklist with its items. The items' ids are text, as documented."""
        return self.as_json() | {
            "items": [
                {
                    "id": str(item_id),
                    "itemType": item_type,
                    "externalID": str(230_000 + item_id) if item_id % 2 else "",
                    "name": name,
                    "description": description,
                }
                for item_id, (item_type, name, description) in zip(self.item_ids, _ITEMS, strict=False)
            ]
        }

    def entries(self) -> list[dict[str, Any]]:
        """Return one entry per student."""
        return [self._entry(entry_id, place) for place, entry_id in enumerate(self.entry_ids)]

    def _entry(self, entry_id: int, place: int) -> dict[str, Any]:
        person = student(self.seed, place)
        items = person.family.items
        d = draws(self.seed, "checklist_entry", place, self.id)
        return {
            "id": entry_id,
            "externalStudentID": person.external_id,
            "familyMemberFirstName": person.first_name,
            "familyMemberLastName": person.last_name,
            "grade": person.grade(self.school_year),
            "familyEmailAddress": items["par1_Email"],
            "checklistItems": [
                self._item(item_id, d[2 * number], d[2 * number + 1]) for number, item_id in enumerate(self.item_ids)
            ],
        }

    def _item(self, item_id: int, status: int, draw: int) -> dict[str, Any]:
        completed = _STATUSES[status % len(_STATUSES)] == "Completed"
        day = date(self.school_year, 3, 3) + timedelta(days=draw % 150)
        return {
            "checklistItemID": str(item_id),
            "status": _STATUSES[status % len(_STATUSES)],
            "dateCompleted": day.strftime("%m/%d/%Y") if completed else "",
            "adminNote": "Copy in the file" if draw % 9 == 0 else "",
            "publicNote": "Please bring the original" if not completed and draw % 5 == 0 else "",
        }


def item_count() -> int:
    """Return how many items each checklist has."""
    return len(_ITEMS)
