"""Encoded pages, kept until their records change, as many as a budget of bytes allows."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple


class PageKey(NamedTuple):
    """Which page of which list; `search` is empty for the whole list."""

    records: int
    search: tuple[tuple[str, str], ...]
    size: int
    page: int


@dataclass
class PageCache:
    """The least recently used pages go first when `budget` bytes are full."""

    budget: int
    _pages: OrderedDict[PageKey, bytes] = field(default_factory=OrderedDict)
    _keys: dict[int, set[PageKey]] = field(default_factory=lambda: defaultdict(set))
    _held: int = 0

    def get(self, key: PageKey) -> bytes | None:
        """The page as encoded before, or None."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def put(self, key: PageKey, page: bytes) -> None:
        """Keep a page."""
        self._drop(key)
        self._pages[key] = page
        self._keys[key.records].add(key)
        self._held += len(page)
        while self._held > self.budget and self._pages:
            self._drop(next(iter(self._pages)))

    def forget(self, records: int, first: int, last: int | None = None) -> None:
        """Drop what shows the records at places `first` to `last` (None: to the end), and every search."""
        for key in list(self._keys[records]):
            starts = (key.page - 1) * key.size
            if key.search or (starts + key.size > first and (last is None or starts <= last)):
                self._drop(key)

    def _drop(self, key: PageKey) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._held -= len(page)
            self._keys[key.records].discard(key)
