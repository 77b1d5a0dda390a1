"""Describes how the service answers pages of records: envelope, page sizes, order of the ids, pages beyond the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from powerschool_enrollment_api import NotFound, Page
from powerschool_enrollment_api.envelope import integer_id
from powerschool_enrollment_survey.plan import BEYOND_LAST, PAGE_SIZES, SECOND, RecordEvidence, opened_page
from powerschool_enrollment_survey.sending import Reply

ASCENDING, DESCENDING, UNSORTED, TOO_FEW = "ascending", "descending", "not sorted", "too few records"
_SPELLINGS = ("metaData", "metadata")


@dataclass(frozen=True)
class Envelope:
    """The shape of a page: `list of one` or `object`, the key of its metadata, and how many keys are unknown."""

    shape: str
    metadata: str
    unknown_keys: int = 0

    @property
    def is_known(self) -> bool:
        """Return whether this shape is the documented or the observed one."""
        known = {("list of one", "metadata"), ("object", "metaData")}
        return (self.shape, self.metadata) in known and not self.unknown_keys


def envelope_of(payload: Any) -> Envelope:
    """Return the envelope of an answer to a request for a page."""
    shape = "object" if isinstance(payload, dict) else "another shape"
    if isinstance(payload, list):
        shape = {0: "empty list", 1: "list of one"}.get(len(payload), "longer list")
        payload = payload[0] if len(payload) == 1 else None
    if not isinstance(payload, dict):
        return Envelope(shape, "none")
    found = {key.lower(): key for key in payload}
    key = found.get("metadata")
    spelling = key if key in _SPELLINGS else "another spelling" if key else "none"
    return Envelope(shape, spelling, len(found.keys() - {"metadata", "records"}))


def order_of(kind: RecordEvidence) -> str:
    """Return the order of the ids of a form's records, in its first two pages and its largest page."""
    pages = [opened_page(reply) for reply in (kind.replies.get(PAGE_SIZES[0]), kind.replies.get(SECOND)) if reply]
    ids = [identifier for page in pages if page for identifier in ids_of(page.records)]
    largest = max((ids_of(page.records) for page in kind.pages), key=len, default=[])
    orders = {_direction(ids), _direction(largest)} - {TOO_FEW}
    return orders.pop() if len(orders) == 1 else UNSORTED if orders else TOO_FEW


def ids_of(records: Iterable[dict[str, Any]]) -> list[int]:
    """Return the ids of the records that have a usable one."""
    return [found for record in records if (found := integer_id(record.get("id"))) is not None]


def problems_of_paging(kind: RecordEvidence) -> Iterator[str]:
    """Yield what prevents the connector from reading all pages."""
    first, second = _pages(kind, PAGE_SIZES[0], SECOND)
    reply = kind.replies.get(SECOND)
    if reply and reply.was_sent and second is None:
        yield f"page 2: {reply.reason or 'the answer has an unknown shape'}"
    if first and second and second.number != 2:
        yield "page 2 was requested, but another page was returned"
    elif first and second and second.records and set(ids_of(second.records)) <= set(ids_of(first.records)):
        yield "page 2 shows only records of page 1: the service ignores the parameter `page`"


def warnings_of_paging(kind: RecordEvidence) -> Iterator[str]:
    """Yield what is unusual, but does not prevent the connector from reading all pages."""
    first, second = _pages(kind, PAGE_SIZES[0], SECOND)
    if first and second and set(ids_of(first.records)) & set(ids_of(second.records)):
        yield "pages 1 and 2 have some records in common"
    if not all(page.size == len(page.records) for page in _full_pages(kind)):
        yield "a page shows another number of records than its `pageSize`"
    if not all(page.page_count == -(-page.record_count // page.size) for page in _full_pages(kind) if page.size):
        yield "`pageCount` does not match `recordCount` and `pageSize`: the connector reads on until a page is empty"
    if not _has_stable_order(kind):
        yield "requests with different page sizes show the records in different orders: some may be missed"
    if order_of(kind) in {DESCENDING, UNSORTED}:
        yield f"ids are {order_of(kind)}: a new record moves others between pages, so incremental reads emit them again"
    if wrong := _beyond_last_problem(kind.replies.get(BEYOND_LAST)):
        yield f"a page beyond the last one: {wrong}"


def beyond_last(reply: Reply | None) -> str:
    """Return how the service answers a page beyond the last one."""
    page = opened_page(reply) if reply else None
    if reply is None or not reply.was_sent:
        return "not requested"
    if isinstance(reply.error, NotFound):
        return "404"
    if page is None:
        return reply.reason or "an unknown shape"
    return "an empty page" if not page.records else "the last page" if page.number <= page.page_count else "records"


def _beyond_last_problem(reply: Reply | None) -> str:
    """Return what is wrong with the answer; empty for those that the connector understands."""
    answer = beyond_last(reply)
    return "" if answer in {"an empty page", "the last page", "404", "not requested"} else answer


def _pages(kind: RecordEvidence, *names: int | str) -> list[Page | None]:
    replies = (kind.replies.get(name) for name in names)
    return [opened_page(reply) if reply else None for reply in replies]


def _full_pages(kind: RecordEvidence) -> list[Page]:
    """Return the pages that must be full, because others follow."""
    replies = [*kind.first_pages.values(), *kind.by_size.values()]
    pages = [opened_page(reply) for reply in replies]
    return [page for page in pages if page and page.record_count > page.size]


def _has_stable_order(kind: RecordEvidence) -> bool:
    """Return whether first pages of different sizes begin with the same records."""
    shown = [ids_of(page.records) for page in map(opened_page, kind.by_size.values()) if page]
    return all(ids[: len(other)] == other[: len(ids)] for ids, other in pairwise(shown))


def _direction(ids: list[int]) -> str:
    if len(ids) < 3:
        return TOO_FEW
    if all(earlier < later for earlier, later in pairwise(ids)):
        return ASCENDING
    return DESCENDING if all(earlier > later for earlier, later in pairwise(ids)) else UNSORTED
