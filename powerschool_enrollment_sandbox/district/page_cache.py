"""A cache of encoded pages, limited in bytes. A page is dropped when one of its records changes."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple


class PageKey(NamedTuple):
    """Identifies a page of a list. `records` identifies the list; `search` is empty for the whole list."""

    records: int
    search: tuple[tuple[str, str], ...]
    size: int
    page: int
    order: str = "listed"


@dataclass
class PageCache:
    """Drops the least recently used pages when more than `budget` bytes are cached."""

    budget: int
    _pages: OrderedDict[PageKey, bytes] = field(default_factory=OrderedDict)
    _keys: dict[int, set[PageKey]] = field(default_factory=lambda: defaultdict(set))
    _bytes: int = 0

    def get(self, key: PageKey) -> bytes | None:
        """Return the cached page, or None."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def put(self, key: PageKey, page: bytes) -> None:
        """Cache a page."""
        self._drop(key)
        self._pages[key] = page
        self._keys[key.records].add(key)
        self._bytes += len(page)
        while self._bytes > self.budget and self._pages:
            self._drop(next(iter(self._pages)))

    def forget(self, records: int, first: int, last: int | None = None) -> None:
        """Drop the pages that contain a place from `first` to `last` (None for the end).

        Pages of searches and of other orders are all dropped.
        """
        for key in list(self._keys[records]):
            starts = (key.page - 1) * key.size
            if key.search or key.order != "listed" or (starts + key.size > first and (last is None or starts <= last)):
                self._drop(key)

    def _drop(self, key: PageKey) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._bytes -= len(page)
            self._keys[key.records].discard(key)
