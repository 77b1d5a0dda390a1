"""Which pages of a form to read, and which to read again because the form changed meanwhile. Pure: no request, no lock.

A page is a window on a list that may shift while it is read. A record is missed only if it crosses the boundary
between two neighbouring pages in the time between their two readings. So, for each boundary, two readings are
wanted between which nothing changed. What shows a change:

- the record count in a page's metadata: one more, one less;
- an id on two pages although the count stood still: the order changed (as many slots as records, one of them
  taken twice, so another record has none).

`docs/record_streams.md` has the picture, the argument, and what remains hidden.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from powerschool_enrollment_api import Page

_MOST_ROUNDS = 10
_MOST_RESTARTS = 3


@dataclass(frozen=True)
class Reading:
    """What one answer showed of a page.

    `asked` and `answered` are moments: how many changes of the form had been noticed by then. `lacking` is by how
    many records the page falls short of what its own metadata promises.
    """

    page: int
    page_count: int
    ids: Collection[int]
    asked: int
    answered: int
    lacking: int = 0

    def is_calm_with(self, other: Reading) -> bool:
        """Tell whether nothing was seen to change from the first of both questions to the last of both answers."""
        return self.asked == self.answered == other.asked == other.answered


class FormPlan:
    """The pages of one form, from the first answer until nothing is in doubt."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._record_counts: list[int] = []
        self._page_count = 1
        self._page_size: int | None = None
        self._resized = False
        self._rounds = 0
        self._restarts = 0
        self.doubtful: frozenset[int] = frozenset()
        # Pages of the last round that showed a record which another page showed too.
        self.shared: frozenset[int] = frozenset()
        # Ids that earlier rounds showed.
        self.shown: set[int] = set()

    @property
    def moment(self) -> int:
        """How many changes of the form were noticed so far."""
        return max(len(self._record_counts) - 1, 0)

    @property
    def page_count(self) -> int:
        """How many pages the form had in the latest answer."""
        return self._page_count

    @property
    def lacking(self) -> int:
        """How many records the pages did not show although their metadata promised them."""
        return sum({reading.page: reading.lacking for reading in self._readings}.values())

    def take(self, number: int, page: Page, asked: int) -> Reading:
        """Note the answer to page `number`, asked for at the moment `asked`."""
        # A count that was current since the question is no news: answers overtake each other.
        if page.record_count not in self._record_counts[asked:]:
            self._record_counts.append(page.record_count)
        self._note_size(page)
        reading = Reading(number, page.page_count, _ids(page), asked, self.moment, self._lacking(number, page))
        self._readings.append(reading)
        self._page_count = page.page_count
        return reading

    def times_read(self, number: int) -> int:
        """Return how often the page was read since the plan was made."""
        return sum(reading.page == number for reading in self._readings)

    def next_round(self) -> list[int]:
        """Return the pages to read next, now that all asked for are read; none when settled, or given up.

        What is given up stays in `doubtful`.
        """
        repeated = list(_repeated(self._readings))
        self.shared = frozenset(reading.page for taken in repeated if _is_shared(taken) for reading in taken)
        restart = self._has_moved_too_far() or is_reordered(repeated)
        every_page = frozenset(range(1, max(self._page_count, 1) + 1))
        self.doubtful = every_page if restart else doubtful_pages(self._readings, self._page_count)
        self._rounds += 1
        self._restarts += restart
        if not self.doubtful or self._rounds > _MOST_ROUNDS or self._restarts > _MOST_RESTARTS:
            return []
        self.shown.update(*(reading.ids for reading in self._readings))
        if restart:
            self._readings, self._record_counts, self._resized = [], self._record_counts[-1:], False
        return sorted(self.doubtful)

    def _has_moved_too_far(self) -> bool:
        """Tell whether a record may have skipped a page whole, so that neighbouring readings prove nothing."""
        shift = sum(abs(after - before) for before, after in pairwise(self._record_counts))
        return self._resized or (self._page_size is not None and shift > self._page_size)

    def _note_size(self, page: Page) -> None:
        """Note the answered page size. Not the last page's: it may be given as what the page holds."""
        if page.number < page.page_count:
            self._resized |= self._page_size not in {None, page.size}
            self._page_size = page.size

    def _lacking(self, number: int, page: Page) -> int:
        size = self._page_size or page.record_count
        promised = min(size, page.record_count - (number - 1) * size)
        return max(0, promised - len(page.records))


def doubtful_pages(readings: Iterable[Reading], page_count: int) -> frozenset[int]:
    """Return the pages never read, those that came short once, and both sides of each boundary not surely quiet."""
    by_page: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_page[reading.page].append(reading)
    last = min((page for page, taken in by_page.items() if any(it.page_count <= page for it in taken)), default=0)
    doubtful = {page for page in range(1, page_count + 1) if page not in by_page}
    doubtful |= {page for page, taken in by_page.items() if len(taken) == 1 and taken[0].lacking}
    for page in range(1, last or page_count):
        if not any(one.is_calm_with(other) for one in by_page[page] for other in by_page[page + 1]):
            doubtful |= {page, page + 1}
    return frozenset(doubtful)


def is_reordered(repeated: Iterable[list[Reading]]) -> bool:
    """Tell whether an id stood on two pages in a way that a shift by less than a page does not explain."""
    return any(
        abs(one.page - other.page) > 1 or (one.page != other.page and one.is_calm_with(other))
        for readings in repeated
        for one, other in combinations(readings, 2)
    )


def _repeated(readings: list[Reading]) -> Iterator[list[Reading]]:
    """Return, for each id that was read more than once, its readings."""
    if len(set().union(*(reading.ids for reading in readings))) == sum(len(reading.ids) for reading in readings):
        return
    by_id: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        for one in reading.ids:
            by_id[one].append(reading)
    yield from (taken for taken in by_id.values() if len(taken) > 1)


def _is_shared(readings: list[Reading]) -> bool:
    return len({reading.page for reading in readings}) > 1


def _ids(page: Page) -> array[int]:
    """Return the records' ids in eight bytes each. A hash is as good: a collision costs a request, no record."""
    return array("q", (hash(id_) for record in page.records if (id_ := record.get("id")) is not None))
