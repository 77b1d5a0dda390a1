"""Reads the pages of a form's records, one request per page, in any order and from any thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from powerschool_enrollment_api.address import path_of
from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.envelope import JsonObject, Page, integer_id, open_list, open_one, open_page
from powerschool_enrollment_api.errors import NotFound, UnexpectedAnswer, located

_ROSTER_PAGE_SIZE = 1000
_PAGES_AT_ONCE = 4  # a parsed page of long records takes about 10 MB


@dataclass(frozen=True)
class RecordPages:
    """One of the two record lists that every form has.

    `page_size` is the requested size. The answer may have another one, which decides which records page 2 contains.
    `search` are the service's search parameters. Every method raises EnrollmentError.
    """

    client: Client
    kind: Literal["rosterrecords", "submissionrecords"]
    page_size: int
    search: Mapping[str, Any] = field(default_factory=dict)

    def read(
        self,
        published_action_id: int,
        number: int,
        *,
        opening: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Page:
        """Return page `number`, from 1, of the form's records. `opening`: see `Client.get`.

        A page beyond the form's last one counts as empty, whether the service answers with nothing, its last page
        again, or 404. Raises NotFound for a form that does not exist any more.
        """
        path = self.path(published_action_id)
        parameters = {**self.search, "page": number, "pagesize": self.page_size}
        try:
            answer = self.client.get(path, parameters, opening=opening)
        except NotFound:
            if number == 1:
                raise
            return self._beyond_the_last(published_action_id, number)
        with located(f"GET {path}"):
            return _requested_page(open_page(answer), number)

    def path(self, published_action_id: int) -> str:
        """Return the path of the form's record list."""
        return f"/publishedactions/{published_action_id}/{self.kind}"

    def exists(self, record_id: int) -> bool:
        """Return whether the record's detail endpoint shows it (200) or not (404).

        The record may be in any form, and `search` need not find it. Raises UnexpectedAnswer if the answer shows
        something else, such as an empty list.
        """
        path = path_of(self.kind, record_id)
        try:
            answer = self.client.get(path)
        except NotFound:
            return False
        with located(f"GET {path}"):
            record = open_one(answer)
            if record is None or integer_id(record.get("id")) != record_id:
                raise UnexpectedAnswer("the answer does not show the record.")
        return True

    def is_listed(self, published_action_id: int) -> bool:
        """Return whether the service still lists the form."""
        with located("GET /publishedactions"):
            forms = open_list(self.client.get("/publishedactions"))
        return any(integer_id(form.get("id")) == published_action_id for form in forms)

    def _beyond_the_last(self, published_action_id: int, number: int) -> Page:
        first = self.read(published_action_id, 1)
        if number <= first.page_count:
            raise NotFound(
                f"page {number} of {first.page_count} was not found.",
                f"GET {self.path(published_action_id)}",
                404,
            )
        return _empty(first, number)


def read_roster_records(client: Client, published_action_id: int) -> Iterator[JsonObject]:
    """Yield the records of the form's roster. A record that moves during the read may be missed or yielded twice."""
    reader = RecordPages(client, "rosterrecords", _ROSTER_PAGE_SIZE)
    first = reader.read(published_action_id, 1)
    yield from first.records
    workers = min(client.settings.num_workers, _PAGES_AT_ONCE)
    with ThreadPoolExecutor(workers) as pool:
        pages: deque[Future[Page]] = deque()
        for number in range(2, first.page_count + 1):
            pages.append(pool.submit(reader.read, published_action_id, number))
            if len(pages) >= workers:
                yield from pages.popleft().result().records
        while pages:
            yield from pages.popleft().result().records


def _requested_page(page: Page, number: int) -> Page:
    if page.number == number or (page.page_count == 0 and not page.records):
        return page
    if number > page.page_count:
        return _empty(page, number)
    raise UnexpectedAnswer(f"page {number} was requested, but page {page.number} was returned.")


def _empty(page: Page, number: int) -> Page:
    return Page(number, page.size, page.page_count, page.record_count, records=[])
