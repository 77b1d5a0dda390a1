"""Generates the roster and submission records of one form, each when it is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from powerschool_enrollment_sandbox.district.clock import as_naive_text
from powerschool_enrollment_sandbox.district.data_items import DOCUMENT_FIELDS, data_items, sized
from powerschool_enrollment_sandbox.district.documents import object_id
from powerschool_enrollment_sandbox.district.seeded_random import draws, permuted
from powerschool_enrollment_sandbox.district.students import Student, external_student_id, student

Record = dict[str, Any]

_WAITING_FOR_FAMILIES = (
    "Imported",
    "NotStarted",
    "Notified",
    "NotStarted",
    "Held",
    "Started",
    "Imported",
    "Added",
)
_BEFORE_THE_SEASON = ("Imported", "NotStarted", "Notified", "Imported", "Added")
_TAGS = (
    "Free lunch form",
    "Bus",
    "ESL",
    "504 plan",
    "Sibling",
    "Out of district",
    "Proof of residency missing",
)
_DECIDED = ("Delivered",) * 10 + ("Rejected", "Discarded")


@dataclass(frozen=True)
class RecordFactory:
    """The settings that the records of one form share."""

    seed: int
    form: int
    school_year: int
    first_student: int
    new_students: bool
    roster_records: int
    submission_records: int
    approved_waiting: int
    undecided: int
    data_items: int | None
    families_started: bool

    @property
    def first_undecided(self) -> int:
        """The position of the first submission record that an administrator has not approved or rejected yet."""
        return max(self.submission_records - self.undecided, 0)

    @property
    def first_approved(self) -> int:
        """The position of the first approved record that is not delivered. The last one is before `first_undecided`."""
        return max(self.first_undecided - self.approved_waiting, 0)

    def roster_record(self, record_id: int, position: int) -> Record:
        """Generate the roster record at a position. Positions after the end are for records that are inserted later."""
        d = draws(self.seed, "roster_record", position, self.form)
        number = permuted(position, self.roster_records) if position < self.roster_records else position
        person = self._student(number)
        statuses = _WAITING_FOR_FAMILIES if self.families_started else _BEFORE_THE_SEASON
        submitted = self.families_started and number < self.submission_records
        status = "Submitted" if submitted else statuses[d[0] % len(statuses)]
        if d[1] % 50 == 0 and not submitted:
            status = "Discarded"
        imported = self._season(-60, d[2])
        started = self._season(0, d[3]) if submitted or status == "Started" else None
        return self._record(
            record_id,
            person,
            d,
            status=status,
            times=(
                imported,
                started,
                started + timedelta(minutes=8 + d[4] % 90) if started and submitted else None,
            ),
            tags=[_TAGS[d[5] % len(_TAGS)]] if d[5] % 4 == 0 else [],
        )

    def submission_record(self, record_id: int, position: int) -> Record:
        """Generate the submission record at a position. Records at later positions were submitted later."""
        d = draws(self.seed, "submission_record", position, self.form)
        person = self._student(position)
        spread = timedelta(days=120) / max(self.submission_records, 1)
        submitted = self._season(1, 0) + spread * min(position, self.submission_records) + timedelta(seconds=d[2] % 60)
        started = submitted - timedelta(minutes=8 + d[4] % 90)
        imported = None if self.new_students else self._season(-60, d[3])
        tags = [_TAGS[d[5] % len(_TAGS)]] if d[5] % 3 == 0 else []
        record = self._record(
            record_id,
            person,
            d,
            status=self._submission_status(position, d[0]),
            times=(imported, started, submitted),
            tags=["Polished", *tags] if position < self.first_undecided else tags,
        )
        if self.new_students:
            # The student information system does not know new students yet.
            record["externalStudentID"] = ""
            if "stu_ExternalID" in record["dataItems"]:
                record["dataItems"]["stu_ExternalID"] = ""
        self._attach_documents(record, d)
        return record

    def external_student_id(self, position: int) -> str:
        """Return the student id of the roster record at a position, without generating the record."""
        number = permuted(position, self.roster_records) if position < self.roster_records else position
        return external_student_id(self.first_student + number)

    def _submission_status(self, position: int, draw: int) -> str:
        if position >= self.first_undecided:
            return "PendingApproval" if draw % 12 else "Submitted"
        return "Approved" if position >= self.first_approved else _DECIDED[draw % len(_DECIDED)]

    def _student(self, number: int) -> Student:
        return student(self.seed, self.first_student + number)

    def _season(self, day: int, draw: int) -> datetime:
        opens = datetime(self.school_year, 3, 3, 14, tzinfo=timezone.utc)
        return opens + timedelta(days=day + draw % 45, seconds=draw)

    def _record(  # noqa: PLR0913 - a record has that many parts
        self,
        record_id: int,
        person: Student,
        d: tuple[int, ...],
        *,
        status: str,
        times: tuple[datetime | None, datetime | None, datetime | None],
        tags: list[str],
    ) -> Record:
        imported, started, submitted = (as_naive_text(time) if time else None for time in times)
        items = data_items(person, self.school_year, d, answered=submitted is not None)
        return {
            "id": record_id,
            "status": status,
            "firstName": person.first_name,
            "lastName": person.last_name,
            "dateOfBirth": f"{person.date_of_birth.isoformat()}T00:00:00",
            "externalStudentID": person.external_id,
            "externalFamilyID": person.family.external_id,
            "household": person.family.household,
            "school": person.school(self.school_year),
            "grade": person.grade(self.school_year),
            "enrollStatus": "New" if self.new_students else ("Enrolled", "", "Enrolled", "Returning")[d[6] % 4],
            "imported": imported,
            "started": started,
            "submitted": submitted,
            "tags": tags,
            "dataItems": sized(items, self.data_items, d),
        }

    def _attach_documents(self, record: Record, d: tuple[int, ...]) -> None:
        items = record["dataItems"]
        for slot, field in enumerate(DOCUMENT_FIELDS):
            if field in items and d[22 + slot] % 3:
                items[field] = object_id(self.seed, record["id"], slot)
                if f"{field}_FileName" in items:
                    items[f"{field}_FileName"] = f"{field.removeprefix('doc_')} {record['lastName']}.pdf"
