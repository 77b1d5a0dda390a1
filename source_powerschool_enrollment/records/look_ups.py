"""Looks up the records that no page shows any more, and emits a tombstone for each one that was removed.

Look-ups begin when all pages of all forms are read without a failure. A record is removed only if its detail endpoint
answers 404. If it answers 200, the record exists where this sync does not see it. Any other answer proves nothing: the
state keeps the id, and the next sync looks it up again.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from airbyte_cdk.sources.types import Record, StreamSlice

from powerschool_enrollment_api import EnrollmentError, RecordPages
from source_powerschool_enrollment.cdk_seams import PartitionOutput
from source_powerschool_enrollment.context import PublishedActionIds, SyncContext
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.page_state import PageCursor
from source_powerschool_enrollment.records.record_ids import Missing, RecordIds
from source_powerschool_enrollment.records.sync_clock import SyncClock, text_of

DELETED_AT = "_ab_cdc_deleted_at"

_MOST_FAILURES = 10  # consecutive
# It is unusual if more than 100 records, and more than a tenth of all records, of one form or of all forms are missing.
_USUAL_PART = 10
_USUAL_NUMBER = 100
_CONTROLS = 3

logger = logging.getLogger("airbyte.source_powerschool_enrollment")


@dataclass(frozen=True)
class LookUpContext:
    """What the look-ups share with the stream's other requests."""

    name: str
    sync: SyncContext
    pages: RecordPages
    cursor: PageCursor
    ids: RecordIds
    backlog: Backlog
    clock: SyncClock


class LookUps:
    """The look-ups of one stream. Thread-safe."""

    def __init__(self, stream: LookUpContext, forms: PublishedActionIds) -> None:
        self._stream = stream
        missing = stream.ids.compare(forms)
        unusual = [each for each in missing if _is_unusual([each])]
        needs_control = bool(unusual) or _is_unusual(missing)
        controls = stream.ids.some_shown(_CONTROLS) if needs_control else []
        if needs_control and not controls:
            # A service that hides everything answers like one that is empty: its answers would prove nothing.
            _report_no_records(stream, missing)
            missing = unusual = []
        self._forms_by_id: dict[int, list[int]] = defaultdict(list)
        for each in missing:
            for record_id in each.ids:
                self._forms_by_id[record_id].append(each.form)
        self._forms_to_repeat = _forms_to_repeat(stream, forms)
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._failures_in_a_row = 0
        self._detail_endpoint = _DetailEndpoint(stream, controls)
        for each in unusual:
            logger.warning(
                "%s: %d of %d records of form %d are on no page any more. "
                "Each of them is looked up before it counts as removed.",
                stream.name, len(each.ids), each.known, each.form,
            )  # fmt: skip

    @property
    def record_ids(self) -> Sequence[int]:
        """The ids to look up."""
        return sorted(self._forms_by_id)

    def look_up(self, record_id: int) -> Iterator[PartitionOutput]:
        """Look up one record. Yield its tombstone if it was removed, then the stream's state if it must be emitted."""
        requested_at = self._stream.clock.now()
        exists = self._answer(record_id)
        if exists is False:
            self._stream.clock.use(requested_at)
            yield from self._stream.cursor.before_tombstone()
            self._stream.backlog.reserve(1)
            yield self._tombstone(record_id, requested_at)
        # Here the tombstone is on the queue: no state that forgets the id can overtake it.
        if exists is not None:
            self._settle(record_id, exists=exists)
            yield from self._stream.cursor.after_look_up(len(self._forms_by_id))
        self._count("failed" if exists is None else "found" if exists else "removed")

    def _answer(self, record_id: int) -> bool | None:
        """Return whether the record exists; None if that is unknown."""
        if self._failures_in_a_row >= _MOST_FAILURES:
            return None
        try:
            exists = self._detail_endpoint.exists(record_id)
        except EnrollmentError:
            exists = None
        with self._lock:
            self._failures_in_a_row = self._failures_in_a_row + 1 if exists is None else 0
        return exists

    def _settle(self, record_id: int, *, exists: bool) -> None:
        for form in self._forms_by_id[record_id]:
            self._stream.ids.settle(form, record_id, look_up_again=exists and form in self._forms_to_repeat)

    def _tombstone(self, record_id: int, requested_at: datetime) -> Record:
        """Return the tombstone. Its time is that of the request, so a later version of the record is never older."""
        form = self._forms_by_id[record_id][-1]
        time = text_of(requested_at)
        data = {"id": record_id, "published_action_id": form, "synced_at": time, DELETED_AT: time}
        return Record(data, self._stream.name, StreamSlice(partition={"published_action_id": form}, cursor_slice={}))

    def _count(self, outcome: str) -> None:
        with self._lock:
            self._outcomes[outcome] += 1
            if self._outcomes.total() < len(self._forms_by_id):
                return
        counts = self._outcomes
        logger.info(
            "%s: %d records of earlier syncs are on no page: %d were removed, %d exist elsewhere, "
            "%d could not be looked up.",
            self._stream.name, counts.total(), counts["removed"], counts["found"], counts["failed"],
        )  # fmt: skip
        if counts["failed"]:
            problem = "a record that no page shows could not be looked up; the next sync tries again"
            self._stream.sync.warnings.count(self._stream.name, problem, counts["failed"])


class _DetailEndpoint:
    """Reports whether records exist, according to their detail endpoint. Thread-safe.

    With `controls`, a 404 counts only if the endpoint shows one of these records, which pages of this sync showed.
    Otherwise the endpoint is not usable, with this key or for the time being, and its answers prove nothing.
    """

    def __init__(self, stream: LookUpContext, controls: Sequence[int]) -> None:
        self._name = stream.name
        self._pages = stream.pages
        self._controls = controls
        self._is_usable: bool | None = None if controls else True
        self._lock = threading.Lock()

    def exists(self, record_id: int) -> bool | None:
        """Return whether the record exists; None if that is unknown. Raises EnrollmentError."""
        if self._is_usable is False:
            return None
        return True if self._pages.exists(record_id) else None if self._has_failed_control() else False

    def _has_failed_control(self) -> bool:
        with self._lock:
            if self._is_usable is None:
                self._is_usable = any(map(self._pages.exists, self._controls))
                if not self._is_usable:
                    self._report_failed_control()
            return not self._is_usable

    def _report_failed_control(self) -> None:
        logger.warning(
            "%s: the detail endpoint finds none of %d records that pages show, so it cannot show which of the missing "
            "records were removed. If this warning repeats, ask PowerSchool whether the key may read single records.",
            self._name, len(self._controls),
        )  # fmt: skip


def _report_no_records(stream: LookUpContext, missing: Sequence[Missing]) -> None:
    logger.warning(
        "%s: no page of any form shows a record, and earlier syncs read %d. None of them counts as removed, because a "
        "key that has lost its rights gets the same answers. They are looked up as soon as a page shows a record. "
        "If all of them were removed, clear the stream and sync again.",
        stream.name, sum(len(each.ids) for each in missing),
    )  # fmt: skip


def _is_unusual(missing: Sequence[Missing]) -> bool:
    number, known = sum(len(each.ids) for each in missing), sum(each.known for each in missing)
    return number > max(_USUAL_NUMBER, known // _USUAL_PART)


def _forms_to_repeat(stream: LookUpContext, forms: PublishedActionIds) -> frozenset[int]:
    """Return the forms whose missing records that exist are looked up once more by the next sync.

    If the search and the selection hide no record, a record that exists was moved while its form was read, and the next
    sync reads it. If it is removed before, only another look-up can detect that.
    """
    sees_all = not stream.pages.search and forms.listed == set(forms.selected)
    return forms.listed if sees_all else frozenset()
