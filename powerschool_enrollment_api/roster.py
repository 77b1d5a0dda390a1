"""A form's whole roster, page by page, several pages at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.envelope import Page, Thing
from powerschool_enrollment_api.record_pages import RecordPages

_PAGE_SIZE = 1000
_PAGES_AT_ONCE = 4  # a parsed page of long records takes about 10 MB


def read_roster_records(client: Client, published_action_id: int) -> Iterator[Thing]:
    """Yield the records of the form's roster. A record that moves while they are read may be missed, or come twice."""
    reader = RecordPages(client, "rosterrecords", _PAGE_SIZE)
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
