"""The district: all data of the service, generated from a seed. Tests can change it while the server runs."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from threading import RLock

from powerschool_enrollment_sandbox.district.checklists import TITLES, Checklist, item_count
from powerschool_enrollment_sandbox.district.deliveries import DeliveryTarget
from powerschool_enrollment_sandbox.district.documents import DocumentStore
from powerschool_enrollment_sandbox.district.imports import Imports
from powerschool_enrollment_sandbox.district.page_cache import PageCache
from powerschool_enrollment_sandbox.district.published_actions import (
    SHORT_FIELDS,
    FormImportSchema,
    PublishedAction,
    form_of,
    roster_fields,
)
from powerschool_enrollment_sandbox.district.record_factory import Record, RecordFactory
from powerschool_enrollment_sandbox.district.record_list import RecordList
from powerschool_enrollment_sandbox.district.students import NEWEST_SCHOOL_YEAR

_FIRST_ID = 30_011
_FIRST_RECORD_ID = 5_100_001
_PAGE_CACHE = 512 * 1024 * 1024
_HISTORY_BATCH = 25


@dataclass(frozen=True)
class DistrictPlan:
    """The size of a district, and the state of its records.

    Attributes:
        data_items: per record; None for the number of questions in the form.
        delivery_targets: one for each of the first forms.
        approved_waiting: approved records per delivery target that no batch has delivered yet.
        past_batches: batches per delivery target that were delivered before the sandbox started.
        families_started: whether families have started some roster records. Imports for those are rejected.
    """

    seed: int = 1
    forms: int = 6
    roster_records_per_form: int = 2_000
    submission_records_per_form: int = 1_400
    data_items: int | None = None
    delivery_targets: int = 2
    approved_waiting: int = 60
    past_batches: int = 4
    checklists: int = 3
    checklist_entries: int = 200
    document_bytes: int = 20_000
    families_started: bool = True
    page_cache_bytes: int = _PAGE_CACHE


@dataclass
class District:
    """The current data. Any thread may change the lists of records while the server reads them."""

    plan: DistrictPlan
    documents: DocumentStore
    forms: dict[int, PublishedAction] = field(default_factory=dict)
    delivery_targets: dict[int, DeliveryTarget] = field(default_factory=dict)
    checklists: dict[int, Checklist] = field(default_factory=dict)
    imports: Imports = field(default_factory=Imports)
    lock: RLock = field(default_factory=RLock, repr=False)

    @classmethod
    def generate(  # noqa: PLR0913 - by keyword only: one for each line of DistrictPlan
        cls,
        *,
        seed: int = DistrictPlan.seed,
        forms: int = DistrictPlan.forms,
        roster_records_per_form: int = DistrictPlan.roster_records_per_form,
        submission_records_per_form: int = DistrictPlan.submission_records_per_form,
        data_items: int | None = DistrictPlan.data_items,
        delivery_targets: int = DistrictPlan.delivery_targets,
        approved_waiting: int = DistrictPlan.approved_waiting,
        past_batches: int = DistrictPlan.past_batches,
        checklists: int = DistrictPlan.checklists,
        checklist_entries: int = DistrictPlan.checklist_entries,
        document_bytes: int = DistrictPlan.document_bytes,
        families_started: bool = DistrictPlan.families_started,
        page_cache_bytes: int = DistrictPlan.page_cache_bytes,
    ) -> "District":
        """Generate a district. The same arguments always produce the same district."""
        return build_district(
            DistrictPlan(
                seed=seed,
                forms=forms,
                roster_records_per_form=roster_records_per_form,
                submission_records_per_form=submission_records_per_form,
                data_items=data_items,
                delivery_targets=delivery_targets,
                approved_waiting=approved_waiting,
                past_batches=past_batches,
                checklists=checklists,
                checklist_entries=checklist_entries,
                document_bytes=document_bytes,
                families_started=families_started,
                page_cache_bytes=page_cache_bytes,
            )
        )

    def roster_record(self, record_id: int) -> Record:
        """Return the roster record with that id, from any form. Raises KeyError."""
        return _holding(record_id, (form.roster for form in self.forms.values()))[record_id]

    def submission_record(self, record_id: int) -> Record:
        """Return the submission record with that id, from any form. Raises KeyError."""
        return _holding(record_id, (form.submissions for form in self.forms.values()))[record_id]

    def remove_form(self, form_id: int) -> None:
        """Delete a form with all its records. Raises KeyError."""
        with self.lock:
            del self.forms[form_id]


def _holding(record_id: int, lists: Iterable[RecordList]) -> RecordList:
    for records in lists:
        if record_id in records:
            return records
    raise KeyError(record_id)


def build_district(plan: DistrictPlan) -> District:
    """Generate the district that the plan describes."""
    return _DistrictBuilder(plan).build()


class _DistrictBuilder:
    """Generates the parts of a district, with ids that are unique across the service."""

    def __init__(self, plan: DistrictPlan) -> None:
        self._plan = plan
        self._ids = itertools.count(_FIRST_ID)
        self._first_free_id = _FIRST_RECORD_ID
        self._cache = PageCache(plan.page_cache_bytes)
        self._lock = RLock()

    def build(self) -> District:
        plan = self._plan
        forms = [self._form(number) for number in range(plan.forms)]
        targets = [self._target(form) for form in forms[: plan.delivery_targets]]
        checklists = [self._checklist(number) for number in range(plan.checklists)]
        return District(
            plan,
            DocumentStore(plan.seed, plan.document_bytes),
            {form.id: form for form in forms},
            {target.id: target for target in targets},
            {checklist.id: checklist for checklist in checklists},
            lock=self._lock,
        )

    def _form(self, number: int) -> PublishedAction:
        plan = self._plan
        form_id = next(self._ids)
        title, school_year, new_students = form_of(number, NEWEST_SCHOOL_YEAR)
        most = max(plan.roster_records_per_form, plan.submission_records_per_form)
        factory = RecordFactory(
            seed=plan.seed,
            form=form_id,
            school_year=school_year,
            # Forms for returning students have the same students every year. New students get numbers after those.
            first_student=most * (1 + number) if new_students else 0,
            new_students=new_students,
            roster_records=plan.roster_records_per_form,
            submission_records=plan.submission_records_per_form,
            approved_waiting=plan.approved_waiting if number < plan.delivery_targets else 0,
            undecided=plan.submission_records_per_form // 8,
            data_items=plan.data_items,
            families_started=plan.families_started,
        )
        roster = self._records(factory, factory.roster_records, factory.roster_record)
        submissions = self._records(factory, factory.submission_records, factory.submission_record)
        form = PublishedAction(form_id, title, school_year, factory, roster, submissions)
        for schema_title, fields in (
            ("Student information system roster", roster_fields(form.field_names)),
            ("Short roster", SHORT_FIELDS),
        ):
            schema = FormImportSchema(next(self._ids), schema_title, fields)
            form.import_schemas[schema.id] = schema
        return form

    def _records(self, factory: RecordFactory, count: int, make: Callable[[int, int], Record]) -> RecordList:
        return RecordList(
            self._reserve_ids(count),
            count,
            make=make,
            student_id=factory.external_student_id,
            next_id=self._next_id,
            cache=self._cache,
            lock=self._lock,
        )

    def _target(self, form: PublishedAction) -> DeliveryTarget:
        ids = form.submissions.ids()
        factory = form.factory
        target = DeliveryTarget(
            next(self._ids), f"Data warehouse: {form.title}", form.submissions, self._plan.seed, self._lock
        )
        target.pending = ids[factory.first_approved : factory.first_undecided]
        target.undecided = deque(ids[factory.first_undecided :])
        past = min(self._plan.past_batches * _HISTORY_BATCH, factory.first_approved)
        delivered = [record_id for record_id in ids[:past] if form.submissions[record_id]["status"] == "Delivered"]
        began = datetime(factory.school_year, 6, 2, 19, 15, tzinfo=timezone.utc)
        target.add_history(
            (began + timedelta(days=7 * week, seconds=97 * week) for week in range(self._plan.past_batches)),
            delivered,
            _HISTORY_BATCH,
        )
        return target

    def _checklist(self, number: int) -> Checklist:
        school_year = NEWEST_SCHOOL_YEAR - number // len(TITLES)
        return Checklist(
            next(self._ids),
            TITLES[number % len(TITLES)],
            f"{school_year}-{school_year + 1}",
            self._plan.seed,
            tuple(next(self._ids) for _ in range(item_count())),
            range(start := self._reserve_ids(self._plan.checklist_entries), start + self._plan.checklist_entries),
            school_year,
        )

    def _reserve_ids(self, count: int) -> int:
        first = self._first_free_id
        self._first_free_id += count
        return first

    def _next_id(self) -> int:
        return self._reserve_ids(1)
