"""What the state of a record stream holds: a digest of each page whose records have been sent on.

    {"settings": "<digest>", "published_actions": {"<form id>": "<digests of page 1, 2, …, as one base64 text>"}}

Nine bytes per page are twelve characters of base64. A digest of zeros marks an unknown page.
"""

from __future__ import annotations

import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import orjson

_SIZE = 9
_UNKNOWN = bytes(_SIZE)
# Raise it when records come to look different: every page is sent again then.
_LAYOUT = 1


def digest_of(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a digest of the records' content and order, independent of the order of their keys."""
    content = orjson.dumps(records, option=orjson.OPT_SORT_KEYS)
    return blake2b(content, digest_size=_SIZE).digest()


class PageDigests:
    """The digests of all forms of one stream. Safe to share between threads.

    `settings` are what decides which records a page holds, besides the form. With other settings a stored digest
    is meaningless, and is dropped.
    """

    def __init__(self, settings: Any, state: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        self._settings = b64encode(digest_of([{"layout": _LAYOUT, "settings": settings}])).decode()
        known = state.get("published_actions") if state.get("settings") == self._settings else None
        self._forms = {form: bytearray(b64decode(pages)) for form, pages in (known or {}).items()}

    def page_count(self, form: int | None = None) -> int:
        """Return how many pages of the form, or of all, there is room for in the state."""
        with self._lock:
            forms = list(self._forms.values()) if form is None else [self._forms.get(str(form), b"")]
            return sum(map(len, forms)) // _SIZE

    def knows(self, form: int, page: int, digest: bytes) -> bool:
        """Return whether the page was emitted with exactly this content."""
        with self._lock:
            return self._forms.get(str(form), b"")[(page - 1) * _SIZE : page * _SIZE] == digest

    def remember(self, form: int, page: int, digest: bytes) -> None:
        """Note the content with which the page was sent on."""
        with self._lock:
            pages = self._forms.setdefault(str(form), bytearray())
            pages.extend(bytes(max(0, page * _SIZE - len(pages))))
            pages[(page - 1) * _SIZE : page * _SIZE] = digest

    def forget(self, form: int, pages: Iterable[int]) -> None:
        """Emit these pages at the next read, even if they did not change."""
        for page in pages:
            self.remember(form, page, _UNKNOWN)

    def cut(self, form: int, page_count: int) -> None:
        """Drop what lies beyond the form's last page."""
        with self._lock:
            del self._forms.setdefault(str(form), bytearray())[page_count * _SIZE :]

    def as_state(self) -> dict[str, Any]:
        """Return the state as it is written."""
        with self._lock:
            forms = {form: b64encode(pages).decode() for form, pages in self._forms.items() if pages}
            return {"settings": self._settings, "published_actions": forms}
