"""Plans which pages of a form to read, and to read again when the form changed during the read. Pure: no I/O, no lock.

A page is a window on a list that may shift while it is read. A record is missed only if it crosses the boundary
between two neighbouring pages in the time between their two readings. Two observations show that a record may have:

- the record count in a page's metadata changed;
- an id is on two pages although the count did not change: the order changed (there are as many slots as records, so
  a record that is in two slots leaves another record without a slot).

The metadata may be wrong. If its page count is too small for its record count, or its record count for a full page,
further pages are read until one shows nothing new. If two pages show the same records in two passes, they contradict
the record count: that is an error.

In a list that is sorted by id, records can only be added or removed. There, the boundary between two neighbouring pages
is proven if both were read in a time without a change, even if the list changed at another time. In a list of any other
order, an edit may move a record to another page, so only a pass over all pages without any change proves anything.

`docs/record_streams.md` has the picture, the argument, and what remains hidden.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import gt, lt

from powerschool_enrollment_api import Page, UnexpectedAnswer, envelope

_MOST_ROUNDS = 10
_MOST_RESTARTS = 3
# At most _GROWTH times the known pages, and _PAGES_BEYOND more, are read, even if the record count is larger.
_PAGES_BEYOND = 32
_GROWTH = 3


@dataclass(frozen=True)
class Reading:
    """The content of one answer for a page.

    `requested_after` is the number of answers that were received before the page was requested, `position` the position
    of this answer, from 1: the request was in flight during the turns from `requested_after + 1` to `position`.
    `lacking` is the number of records that the page's own metadata promises and that are missing, `without_id` the
    number without a usable id.
    """

    page: int
    page_count: int
    record_count: int
    ids: array[int]
    requested_after: int
    position: int
    lacking: int = 0
    without_id: int = 0


class FormPlan:
    """The pages of one form, from the first answer until nothing is in doubt.

    Every `record["id"]` of a page is an integer, or None if the record has no usable id.
    """

    def __init__(self) -> None:
        self.page_count = 1
        # Pages still in doubt after the last round.
        self.doubtful: frozenset[int] = frozenset()
        # Pages that showed a record which another page of the same pass showed too.
        self.shared: frozenset[int] = frozenset()
        # Ids that earlier rounds showed.
        self.shown: set[int] = set()
        self._readings: list[Reading] = []
        self._held = 0  # ids in the readings: a service that shows new records without end must not fill the memory
        self._page_size: int | None = None
        self._resized = False
        self._rounds = 0
        self._restarts = 0
        # Beyond the page count: the last page that showed new records, and the first one that showed none.
        self._last_filled = 0
        self._first_empty: int | None = None
        self._most_shown = 0  # the most records of a page: the page size, if the service has an undeclared limit
        self._suspected = 0  # pages to read because full pages contradict the page count
        # Pairs of pages that showed the same records in the last pass, with the ids of these records.
        self._repeated: set[tuple[int, int, bytes]] = set()

    @property
    def answers(self) -> int:
        """How many answers were received in this pass. The caller notes it before it requests a page."""
        return len(self._readings)

    @property
    def counted(self) -> int:
        """How many records the latest answer counts."""
        return self._readings[-1].record_count if self._readings else 0

    @property
    def unlisted(self) -> int:
        """How many records the metadata counts and the pages do not show."""
        by_page = sum({reading.page: reading.lacking for reading in self._readings}.values())
        has_changed = len({reading.record_count for reading in self._readings}) > 1
        return by_page if has_changed else self.counted - self._listed_count()

    def take(self, number: int, page: Page, requested_after: int) -> Reading:
        """Note the answer for page `number`, which was requested after `requested_after` answers were received."""
        self._note_size(page)
        is_beyond = number > page.page_count
        ids = _ids(page)
        if is_beyond:
            ids = self._note_beyond(number, ids)
        self.page_count = self._page_count(number, page)
        lacking = 0 if is_beyond else self._lacking(number, page)
        without_id = sum(record["id"] is None for record in page.records)
        self._held += len(ids)
        if self._held > envelope.MOST_RECORDS:
            raise UnexpectedAnswer(f"the pages show more than {envelope.MOST_RECORDS} records.")
        position = self.answers + 1
        reading = Reading(
            number, self.page_count, page.record_count, ids, requested_after, position, lacking, without_id
        )
        self._readings.append(reading)
        return reading

    def times_read(self, number: int) -> int:
        """Return how often the page was read in this pass."""
        return sum(reading.page == number for reading in self._readings)

    def next_round(self) -> list[int]:
        """Return the pages to read next, after all requested pages were read.

        The list is empty if no page is in doubt, or after too many rounds: `doubtful` has the pages still in doubt.
        Raises UnexpectedAnswer for pages that repeat the same records.
        """
        self.shared = shared_pages(self._readings)
        restart = self._must_restart()
        if restart:
            self._refuse_repeated_pages()
        every_page = frozenset(range(1, max(self.page_count, 1) + 1))
        self.doubtful = every_page if restart else doubtful_pages(self._readings, self.page_count)
        self._rounds += 1
        self._restarts += restart
        if not self.doubtful or self._rounds > _MOST_ROUNDS or self._restarts > _MOST_RESTARTS:
            return []
        self.shown.update(*(reading.ids for reading in self._readings))
        if restart:
            self._readings, self._resized, self._last_filled, self._first_empty = [], False, 0, None
            self._held = self._suspected = 0
        return sorted(self.doubtful)

    def _must_restart(self) -> bool:
        """Return whether only a new pass over all pages can prove that no record was missed."""
        has_changed = len({reading.record_count for reading in self._readings}) > 1
        if self._resized or not (has_changed or self.shared):
            return self._resized
        if not are_sorted(self._readings):
            return True
        # A record may have moved past a complete page.
        return self._page_size is not None and Turns(self._readings).shift > self._page_size

    def _note_size(self, page: Page) -> None:
        """Note the answered page size. The last page's is ignored, because it may be the number of its records."""
        if page.number == 1 or page.number < page.page_count:
            self._resized |= self._page_size not in {None, page.size}
            self._page_size = page.size

    def _note_beyond(self, number: int, ids: array[int]) -> array[int]:
        """Return the ids if they are new. Some services answer with their last page again."""
        if self._listed(except_page=number).issuperset(ids):
            self._first_empty = min(number, self._first_empty or number)
            return array("q")
        self._last_filled = max(number, self._last_filled)
        return ids

    def _page_count(self, number: int, page: Page) -> int:
        """Return how many pages the form has, by page count and record count; more if full pages contradict both."""
        size = self._page_size or 0
        self._suspect(number, page, size)
        promised = max(self._suspected, -(-page.record_count // size) if size else 0)
        known = max(page.page_count, self._last_filled)
        limit = self._first_empty or _GROWTH * known + _PAGES_BEYOND
        return max(known, min(promised, limit))

    def _suspect(self, number: int, page: Page, size: int) -> None:
        """Note further pages to read, if this page is full and the counts do not explain that it is the last one.

        Beyond the page count nothing states the end, so the steps grow. The record count ends them, unless the pages
        contradict it: then it is too small.
        """
        self._most_shown = max(self._most_shown, len(page.records))
        full = min(size, self._most_shown)
        shown = number * full
        if not full or len(page.records) < full or shown == page.record_count:
            return
        following = number + 1 if number <= page.page_count else _GROWTH * number
        if shown < page.record_count:  # the page count is too small
            following = min(following, -(-page.record_count // full)) if number >= page.page_count else 0
        self._suspected = max(self._suspected, following)

    def _listed(self, except_page: int | None = None) -> set[int]:
        return set().union(*(reading.ids for reading in self._readings if reading.page != except_page))

    def _listed_count(self) -> int:
        return len(self._listed()) + sum({reading.page: reading.without_id for reading in self._readings}.values())

    def _refuse_repeated_pages(self) -> None:
        """Raise UnexpectedAnswer if the same pages showed the same records in the last pass too.

        One record may move to another page and be on both. All records of a page do not, in two passes in a row.
        """
        repeated = self._repeated_pages()
        if again := sorted(repeated & self._repeated):
            first, second, _ = again[0]
            both = f"pages {first} and {second} show the same records"
            raise UnexpectedAnswer(f"{both}, although the service counts {self.counted}.")
        self._repeated = repeated

    def _repeated_pages(self) -> set[tuple[int, int, bytes]]:
        first_page: dict[bytes, int] = {}
        repeated = set()
        for reading in sorted(self._readings, key=lambda reading: reading.page) if self.unlisted > 0 else ():
            ids = reading.ids.tobytes()
            first = first_page.setdefault(ids, reading.page)
            if first != reading.page and len(reading.ids) > 1:
                repeated.add((first, reading.page, ids))
        return repeated

    def _lacking(self, number: int, page: Page) -> int:
        size = self._page_size or page.record_count
        promised = min(size, page.record_count - (number - 1) * size)
        return max(0, promised - len(page.records))


class Turns:
    """The turns of a pass in which the form was quiet. Each turn ends with an answer.

    Answers overtake each other, so a turn is quiet only if every answer that was in flight in it, and in the turn
    before, shows the same record count. `shift` is the number of places by which a record may have moved, according to
    the counts.
    """

    def __init__(self, readings: Sequence[Reading]) -> None:
        counts: list[set[int]] = [set() for _ in range(len(readings) + 1)]
        for reading in readings:
            for turn in range(reading.requested_after + 1, reading.position + 1):
                counts[turn].add(reading.record_count)
        self.shift = 0
        self._quiet_since = [0] * len(counts)
        for turn, (before, now) in enumerate(pairwise(counts), start=1):
            is_quiet = len(now) == 1 and (now == before or turn == 1)
            self._quiet_since[turn] = self._quiet_since[turn - 1] if is_quiet else turn
            if turn > 1:
                self.shift += max(before | now) - min(before | now)

    def is_quiet(self, one: Reading, other: Reading) -> bool:
        """Return whether no change was seen from the earlier of the two requests to the later of the two answers."""
        first, last = min(one.requested_after, other.requested_after) + 1, max(one.position, other.position)
        return self._quiet_since[first] == self._quiet_since[last]


def doubtful_pages(readings: Sequence[Reading], page_count: int) -> frozenset[int]:
    """Return the pages never read, those read once with records missing, and both pages of each unproven boundary."""
    turns = Turns(readings)
    by_page: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_page[reading.page].append(reading)
    last = min((each.page for each in readings if each.page_count <= each.page), default=0)
    doubtful = {page for page in range(1, page_count + 1) if page not in by_page}
    doubtful |= {page for page, of_page in by_page.items() if len(of_page) == 1 and of_page[0].lacking}
    for page in range(1, last or page_count):
        if not any(turns.is_quiet(one, other) for one in by_page[page] for other in by_page[page + 1]):
            doubtful |= {page, page + 1}
    return frozenset(doubtful)


def are_sorted(readings: Sequence[Reading]) -> bool:
    """Return whether the ids ascend, or descend, in each page and between all pages that can be compared."""
    turns = Turns(readings)
    edges = [
        (one.ids[-1], other.ids[0])
        for one, other in pairwise(sorted(readings, key=lambda reading: (reading.page, reading.requested_after)))
        if one.ids and other.ids and one.page != other.page and turns.is_quiet(one, other)
    ]
    runs = [*(reading.ids for reading in readings), *edges]
    return any(all(all(map(precedes, run, run[1:])) for run in runs) for precedes in (lt, gt))


def shared_pages(readings: Sequence[Reading]) -> frozenset[int]:
    """Return the pages that showed a record which another page showed too."""
    seen: set[int] = set()
    pages: dict[int, set[int]] = {}
    for reading in readings:
        pages.update((one, set()) for one in seen.intersection(reading.ids))
        seen.update(reading.ids)
    for reading in readings if pages else ():
        for one in pages.keys() & set(reading.ids):
            pages[one].add(reading.page)
    return frozenset(page for shown_on in pages.values() if len(shown_on) > 1 for page in shown_on)


def _ids(page: Page) -> array[int]:
    return array("q", (record["id"] for record in page.records if record["id"] is not None))
