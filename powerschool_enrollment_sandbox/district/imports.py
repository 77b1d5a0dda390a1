"""Imports: each field of a row is verified, then the row creates or updates a roster record of its form."""

import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from powerschool_enrollment_sandbox.district.clock import as_naive_text, parsed_day
from powerschool_enrollment_sandbox.district.published_actions import FormImportSchema, PublishedAction

Row = Mapping[str, Any]
_MAXIMUM_ATTEMPTS = 200_000
_LOCKED = ("Started", "Submitted")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
# Data items that a record also has as top-level fields.
_TOP_LEVEL = {
    "stu_FirstName": "firstName",
    "stu_LastName": "lastName",
    "stu_ExternalID": "externalStudentID",
    "stu_School": "school",
    "stu_Grade": "grade",
}


@dataclass(frozen=True)
class ImportAttempt:
    """A received row and its outcome. `request` is the number of the journal entry."""

    request: int
    row: Row
    errors: tuple[str, ...]
    record_id: int | None


@dataclass
class Imports:
    """The received rows, in the order in which they were applied, and an index of the students of each roster."""

    attempts: deque[ImportAttempt] = field(default_factory=lambda: deque(maxlen=_MAXIMUM_ATTEMPTS))
    _students: dict[int, dict[str, int]] = field(default_factory=dict)

    def apply(  # noqa: PLR0913 - options by keyword only
        self,
        form: PublishedAction,
        schema: FormImportSchema,
        row: Row,
        *,
        now: datetime,
        request: int = 0,
        refuse_started: bool = True,
    ) -> list[str]:
        """Import a row and return its errors. A row with errors changes nothing."""
        items, errors = _verified(schema, row)
        student = items.get("stu_ExternalID", "").strip()
        record_id = self._record_of(form, student) if student else None
        if record_id is None:
            errors += [f"{name} is required." for name in _required(schema) if not row.get(name)]
        elif refuse_started and form.roster[record_id]["status"] in _LOCKED:
            errors.append(f"The record of student {student} was started by the family and can no longer be changed.")
        if not errors:
            record_id = self._import(form, record_id, items, now)
        self.attempts.append(ImportAttempt(request, dict(row), tuple(errors), record_id))
        return errors

    def _import(self, form: PublishedAction, record_id: int | None, items: dict[str, str], now: datetime) -> int:
        fields: dict[str, Any] = {_TOP_LEVEL[name]: value for name, value in items.items() if name in _TOP_LEVEL}
        if "stu_DateOfBirth" in items:
            born = parsed_date(items["stu_DateOfBirth"])
            fields["dateOfBirth"] = f"{born.isoformat()}T00:00:00" if born else None
        fields["imported"] = as_naive_text(now)
        if record_id is not None:
            form.roster.edit(record_id, items, **fields)
            return record_id
        blank = dict.fromkeys(form.field_names, "")
        record_id = form.roster.insert(None, blank | items, **(_NEW | fields))
        if items.get("stu_ExternalID"):
            self._index(form)[items["stu_ExternalID"].strip()] = record_id
        return record_id

    def _record_of(self, form: PublishedAction, student: str) -> int | None:
        record_id = self._index(form).get(student)
        if record_id is None or record_id in form.roster:
            return record_id
        del self._index(form)[student]
        return None

    def _index(self, form: PublishedAction) -> dict[str, int]:
        if form.id not in self._students:
            self._students[form.id] = dict(form.roster.external_student_ids())
        return self._students[form.id]


_NEW: dict[str, Any] = {
    "status": "Imported",
    "dateOfBirth": None,
    "externalStudentID": "",
    "externalFamilyID": "",
    "household": "",
    "school": "",
    "grade": "",
    "enrollStatus": "",
    "started": None,
    "submitted": None,
    "tags": [],
}


def _verified(schema: FormImportSchema, row: Row) -> tuple[dict[str, str], list[str]]:
    items: dict[str, str] = {}
    errors = []
    for name, value in row.items():
        if name not in schema.fields:
            errors.append(f"{name} is not a field of the import schema {schema.title}.")
            continue
        text = _text(value)
        if text is None:
            errors.append(f"{name} must be text.")
        elif "Date" in name and text and parsed_date(text) is None:
            errors.append(f'{name}: "{text}" is not a valid date.')
        elif text and name.startswith(("Email", "stu_Email")) and not _EMAIL.fullmatch(text):
            errors.append(f'{name}: "{text}" is not a valid email address.')
        else:
            day = parsed_date(text) if "Date" in name else None
            items[schema.fields[name]] = day.strftime("%m/%d/%Y") if day else text
    return items, errors


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _required(schema: FormImportSchema) -> list[str]:
    return [name for name, item in schema.fields.items() if item in ("stu_FirstName", "stu_LastName")]


def parsed_date(text: str) -> date | None:
    """Parse a date written MM/DD/YYYY or YYYY-MM-DD. Return None for any other text."""
    us_date = _US_DATE.fullmatch(text.strip())
    if not us_date:
        return parsed_day(text.strip())
    month, day, year = map(int, us_date.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
