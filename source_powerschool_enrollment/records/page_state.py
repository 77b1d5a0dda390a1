"""The state of a record stream: a digest of each page whose records have been emitted, and when to emit the state.

    {"settings": "<digest>", "published_actions": {"<form id>": "<digests of page 1, 2, …, as one base64 text>"},
     "synced_at": "<time>"}

Nine bytes per page are twelve characters of base64. A digest of zeros marks an unknown page. With the option
`detect_removed_records` the state also has the key `record_ids`: see `record_ids`. `synced_at`: see `sync_clock`.
"""

from __future__ import annotations

import threading
import time
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from hashlib import blake2b
from typing import Any

import orjson
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record
from typing_extensions import override

from source_powerschool_enrollment.records.record_ids import RecordIds
from source_powerschool_enrollment.records.sync_clock import SyncClock

_SIZE = 9
_UNKNOWN = bytes(_SIZE)
# Increase it when the layout of records changes: then every page is emitted again.
_LAYOUT = 1
_SECONDS_BETWEEN_STATES = 3.0
# A state contains all pages, so it is emitted again only after 5 % of them are new. Then all states of a sync
# together are at most about twenty times as long as the last one, however long the sync takes.
_NEW_PART = 20
# The most states that a sync emits only because of new ids, so that their total length grows in proportion to the ids.
_MOST_STATES_FOR_IDS = 20


def digest_of(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a digest of the records' content and order, independent of the order of their keys."""
    content = orjson.dumps(records, option=orjson.OPT_SORT_KEYS)
    return blake2b(content, digest_size=_SIZE).digest()


class PageDigests:
    """The digests of all forms of one stream. Safe to share between threads.

    `settings` are the options that decide which records of a form a page contains. Digests that were stored with other
    settings are dropped. `with_large_states`: the state also contains ids, so fewer states are emitted: see `suspend`.
    """

    def __init__(self, settings: Any, state: Mapping[str, Any], *, with_large_states: bool = False) -> None:
        self._lock = threading.Lock()
        self._settings = b64encode(digest_of([{"layout": _LAYOUT, "settings": settings}])).decode()
        known = state.get("published_actions") if state.get("settings") == self._settings else None
        forms = known.items() if isinstance(known, dict) else ()
        self._before = {form: pages for form, text in forms if (pages := self._readable(text))}
        self._forms = {form: bytearray(pages) for form, pages in self._before.items()}
        self._read: dict[str, set[int]] = defaultdict(set)  # the pages that this sync has read
        self._suspended: set[str] = set()
        self._with_large_states = with_large_states
        self._further_forms = 0  # how many more forms the next state in `suspend` covers

    @staticmethod
    def _readable(text: Any) -> bytes:
        """Return the digests in a form's text. All pages of a form whose text is damaged are unknown."""
        try:
            return b64decode(text, validate=True) if isinstance(text, str) else b""
        except ValueError:
            return b""

    def page_count(self, form: int | None = None) -> int:
        """Return how many pages the state contains, of the form or of all forms."""
        with self._lock:
            forms = list(self._forms.values()) if form is None else [self._forms.get(str(form), b"")]
            return sum(map(len, forms)) // _SIZE

    def knows(self, form: int, page: int, digest: bytes) -> bool:
        """Return whether the page was last emitted with exactly this content."""
        with self._lock:
            return self._last_emitted(str(form), page) == digest

    def remember(self, form: int, page: int, digest: bytes) -> None:
        """Note the content with which the page was emitted."""
        with self._lock:
            self._read[str(form)].add(page)
            self._set(str(form), page, digest)

    def forget(self, form: int, pages: Iterable[int]) -> None:
        """Mark these pages as unknown: the next read emits them, even if they did not change."""
        for page in pages:
            self.remember(form, page, _UNKNOWN)

    def suspend(self, form: int, page: int) -> bool:
        """Mark the page as unknown, and all pages of the form that this sync has not read.

        Call it before the page's changed records are emitted. If the sync crashes after them and the change is undone,
        a page with its old digest would look as if it had never changed. Unread pages are marked, too, so that one
        state covers the complete form; `resume` restores them. Returns whether a state must be emitted first.

        Large states cover 1, 2, 4, … forms, so their number grows with the logarithm of the number of forms. If the
        sync crashes, the next sync emits the pages of these forms again.
        """
        with self._lock:
            name = str(form)
            if self._last_emitted(name, page) in {b"", _UNKNOWN}:
                return False
            is_covered = name in self._suspended and page not in self._read[name]
            for covered in [name] if is_covered else [name, *self._next_forms(name)]:
                self._suspended.add(covered)
                for unread in self._unread(covered):
                    self._set(covered, unread, _UNKNOWN)
            self._read[name].add(page)
            self._set(name, page, _UNKNOWN)
            return not is_covered

    def resume(self) -> None:
        """Restore the digests of pages that this sync did not read, now that it emits no more records."""
        with self._lock:
            for name in self._suspended:
                for unread in self._unread(name):
                    self._set(name, unread, self._last_emitted(name, unread))
            self._suspended.clear()

    def forget_unread(self) -> None:
        """Forget the digests of all pages that this sync did not read, also those of forms that it did not read."""
        with self._lock:
            for form in self._forms.keys() - self._read.keys():
                del self._forms[form]
            for form in self._forms:
                for unread in self._unread(form):
                    self._set(form, unread, _UNKNOWN)
            self._before.clear()

    def cut(self, form: int, page_count: int) -> None:
        """Remove the digests of pages beyond the form's last page."""
        with self._lock:
            del self._forms.setdefault(str(form), bytearray())[page_count * _SIZE :]

    def as_state(self) -> dict[str, Any]:
        """Return the state as it is written."""
        with self._lock:
            forms = {form: b64encode(pages).decode() for form, pages in self._forms.items() if pages}
            return {"settings": self._settings, "published_actions": forms}

    def _next_forms(self, form: str) -> list[str]:
        others = [name for name in self._before if name != form and name not in self._suspended]
        chosen = others[: self._further_forms]
        if self._with_large_states:
            self._further_forms = 2 * self._further_forms + 1
        return chosen

    def _unread(self, form: str) -> list[int]:
        pages = min(len(self._forms.get(form, b"")), len(self._before.get(form, b""))) // _SIZE
        return [page for page in range(1, pages + 1) if page not in self._read[form]]

    def _last_emitted(self, form: str, page: int) -> bytes:
        digests = self._forms if page in self._read[form] else self._before
        return bytes(digests.get(form, b"")[(page - 1) * _SIZE : page * _SIZE])

    def _set(self, form: str, page: int, digest: bytes) -> None:
        pages = self._forms.setdefault(form, bytearray())
        pages.extend(bytes(max(0, page * _SIZE - len(pages))))
        pages[(page - 1) * _SIZE : page * _SIZE] = digest


class PageCursor(Cursor):
    """The state of an incremental read. Called by all workers, and at the end by the main thread."""

    def __init__(  # noqa: PLR0913 - only some callers pass the last three
        self,
        stream_name: str,
        digests: PageDigests,
        state_manager: ConnectorStateManager,
        message_repository: MessageRepository,
        *,
        ids: RecordIds | None = None,
        times: SyncClock | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream_name = stream_name
        self.digests = digests
        self.ids = ids
        self.times = times or SyncClock()
        self._state_manager = state_manager
        self._message_repository = message_repository
        self._clock = clock
        self._lock = threading.Lock()
        self._last_emitted = clock()
        self._new_pages = 0
        self._settled_ids = 0
        self._states_for_ids = 0
        self._may_emit_tombstones = False

    @property
    def state(self) -> MutableMapping[str, Any]:
        """Return the state as it would be written now."""
        return self._state(is_emitted=False)

    def observe(self, record: Record) -> None:
        """Do nothing: the state contains pages, not records."""

    def close_partition(self, partition: Partition) -> None:
        """Do nothing: a partition reads many pages, and each page is noted when its records were yielded."""

    def before_changed_page(self, form: int, page: int) -> Iterator[AirbyteMessage]:
        """Yield a state in which the page is unknown, if the last state has its digest.

        Call it before the page's records are yielded. There is one such state per form and sync, unless a page changes
        twice. With `ids` there are a few more: the state must contain the ids of new records. Other threads wait until
        it is on the queue. The caller is a partition, which yields it, too: see PartitionOutput.
        """
        with self._lock:
            if self.digests.suspend(form, page) or self._must_emit_ids(form):
                yield self._message()

    def after_page(self, form_ended: bool) -> Iterator[AirbyteMessage]:
        """Yield the state if it must be emitted now. The caller, a partition, yields it, too: see PartitionOutput.

        Every digest in it was remembered after its records were put on the queue. The lock is held until the state is
        on the queue as well, so that an older state never follows a newer one.
        """
        with self._lock:
            self._new_pages += 1
            if self._must_emit_state(form_ended=form_ended):
                yield self._message()

    def before_tombstone(self) -> Iterator[AirbyteMessage]:
        """Yield a state in which no page that may contain a removed record is known. Call it before each tombstone.

        If the sync crashes after the tombstone and the record is restored to its old page, a known page would not be
        emitted again. The pages that this sync read do not contain the record. There is one such state per sync.
        """
        with self._lock:
            if not self._may_emit_tombstones:
                self._may_emit_tombstones = True
                self.digests.forget_unread()
                yield self._message()

    def after_look_up(self, look_ups: int) -> Iterator[AirbyteMessage]:
        """Yield the state if it must be emitted now. Call it after each look-up that is settled.

        `look_ups` is how many look-ups the stream has in this sync.
        """
        with self._lock:
            self._settled_ids += 1
            is_time = self._clock() - self._last_emitted >= _SECONDS_BETWEEN_STATES
            if is_time and self._settled_ids * _NEW_PART >= look_ups:
                yield self._message()

    def ensure_at_least_one_state_emitted(self) -> None:
        """Emit the state at the stream's end, in the main thread, after the stream's last worker has ended."""
        with self._lock:
            self.digests.resume()
            self._message_repository.emit_message(self._message())

    @override
    def should_be_synced(self, record: Record) -> bool:
        """Return True: the reader does not create records for unchanged pages."""
        return True

    def _must_emit_state(self, *, form_ended: bool) -> bool:
        enough = self._new_pages * _NEW_PART >= self.digests.page_count()
        return enough and (form_ended or self._clock() - self._last_emitted >= _SECONDS_BETWEEN_STATES)

    def _must_emit_ids(self, form: int) -> bool:
        """Return whether a state must be emitted because the last one lacks ids of new records. Count these states.

        If the sync crashes after these records, and one of them is removed, only its id in a state detects that.
        """
        if not self.ids or self._states_for_ids == _MOST_STATES_FOR_IDS or not self.ids.has_new_ids(form):
            return False
        self._states_for_ids += 1
        return True

    def _state(self, *, is_emitted: bool) -> dict[str, Any]:
        # The digests first: a page that is remembered in between may have ids without a digest, but not the reverse.
        pages = self.digests.as_state() | self.times.as_state()
        return pages | {"record_ids": self.ids.as_state(is_emitted=is_emitted)} if self.ids else pages

    def _message(self) -> AirbyteMessage:
        self._state_manager.update_state_for_stream(self._stream_name, None, self._state(is_emitted=True))
        self._last_emitted, self._new_pages, self._settled_ids = self._clock(), 0, 0
        return self._state_manager.create_state_message(self._stream_name, None)
