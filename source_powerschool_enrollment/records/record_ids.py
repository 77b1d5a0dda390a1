"""The ids of a stream's records, which the state keeps with the option `detect_removed_records`.

    {"settings": "<digest>", "published_actions": {"<form id>": "<ids>"}, "unlisted": {"<form id>": "<ids>"}}

`published_actions` has the ids that the form's pages showed, `unlisted` those of records that exist although no page
showed them. The ids of a form are one base64 text: their gaps in ascending order, seven bits per byte (LEB128).
"""

from __future__ import annotations

import threading
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from powerschool_enrollment_api.envelope import integer_id
from source_powerschool_enrollment.context import PublishedActionIds

_BEFORE_THE_LEAST = -(1 << 63) - 1
_GREATEST = (1 << 63) - 1
_MOST_BITS = 64


@dataclass(frozen=True)
class Missing:
    """The records of one form that an earlier sync knew and that no page of this sync showed.

    `known` is the number of ids that the state contained for the form.
    """

    form: int
    ids: frozenset[int]
    known: int


class RecordIds:
    """The ids of all forms of one stream. Safe to share between threads.

    `settings` is a digest of the options that decide whether ids of an earlier sync can be compared with what this sync
    reads. Ids that were stored with other settings are dropped.
    """

    def __init__(self, settings: str, state: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        self._settings = settings
        stored = state.get("record_ids")
        stored = stored if isinstance(stored, dict) and stored.get("settings") == settings else {}
        self._known = _readable(stored.get("published_actions"))
        self._unlisted = {form: set(ids) for form, ids in _readable(stored.get("unlisted")).items()}
        self._shown: dict[int, array[int]] = {}
        self._missing: dict[int, set[int]] = {}
        self._complete: set[int] = set()
        self._forms_with_new_ids: set[int] = set()
        self._texts: dict[int, str] = {}

    def note_shown(self, form: int, ids: array[int]) -> None:
        """Note the ids of a page. Call it before the page's digest is remembered: no state has only the digest."""
        with self._lock:
            known = self._known.get(form, _no_ids())
            if not all(_contains(known, one) for one in ids):
                self._forms_with_new_ids.add(form)
            self._shown.setdefault(form, _no_ids()).extend(ids)
            self._texts.pop(form, None)

    def note_complete(self, form: int) -> None:
        """Note that all pages of the form were read, and that none is in doubt."""
        with self._lock:
            self._complete.add(form)

    def compare(self, forms: PublishedActionIds) -> list[Missing]:
        """Return what is missing in each form that was read completely, or that the service does not list any more.

        Call it when all pages are read. Afterwards the state contains these ids until `settle` removes them. An id
        that another form showed has moved there: it is not missing.
        """
        with self._lock:
            compared = sorted(form for form in self._forms() if form in self._complete or form not in forms.listed)
            known = {form: {*self._known.pop(form, ()), *self._unlisted.get(form, ())} for form in compared}
            lost = {form: ids.difference(self._shown.get(form, ())) for form, ids in known.items()}
            all_lost = set().union(*lost.values())
            moved = set().union(*(all_lost.intersection(shown) for shown in self._shown.values()))
            missing = {form: ids - moved for form, ids in lost.items()}
            for form, ids in missing.items():
                self._unlisted[form] = ids & self._unlisted.get(form, set())
                self._missing[form] = ids - self._unlisted[form]
                self._texts.pop(form, None)
            return [Missing(form, frozenset(ids), len(known[form])) for form, ids in missing.items() if ids]

    def settle(self, form: int, record_id: int, *, look_up_again: bool = False) -> None:
        """Forget a missing id. With `look_up_again`, the next sync looks it up once more if no page shows it."""
        with self._lock:
            if look_up_again and record_id in self._missing[form]:
                self._unlisted[form].add(record_id)
            else:
                self._unlisted[form].discard(record_id)
            self._missing[form].discard(record_id)
            self._texts.pop(form, None)

    def some_shown(self, most: int) -> list[int]:
        """Return up to `most` ids that pages of this sync showed, one per form."""
        with self._lock:
            return [shown[0] for shown in self._shown.values() if shown][:most]

    def has_new_ids(self, form: int) -> bool:
        """Return whether pages of the form showed new ids since the last state was emitted."""
        with self._lock:
            return form in self._forms_with_new_ids

    def as_state(self, *, is_emitted: bool = False) -> dict[str, Any]:
        """Return the part of the state with the ids. `is_emitted`: the state is for a message, not for inspection."""
        with self._lock:
            if is_emitted:
                self._forms_with_new_ids.clear()
            for form in self._forms() - self._texts.keys():
                parts = (self._known, self._shown, self._missing)
                self._texts[form] = encoded(set().union(*(part.get(form, ()) for part in parts)))
            listed = {str(form): text for form, text in sorted(self._texts.items()) if text}
            unlisted = {str(form): encoded(ids) for form, ids in sorted(self._unlisted.items()) if ids}
            state = {"settings": self._settings, "published_actions": listed}
            return state | {"unlisted": unlisted} if unlisted else state

    def _forms(self) -> set[int]:
        return self._known.keys() | self._unlisted.keys() | self._shown.keys() | self._missing.keys()


def encoded(ids: Iterable[int]) -> str:
    """Return the distinct 64-bit ids as text, about 1.4 characters for each id of a dense list."""
    gaps = bytearray()
    last = _BEFORE_THE_LEAST
    for record_id in sorted(ids):
        gap = record_id - last
        last = record_id
        while gap > 0x7F:
            gaps.append(gap & 0x7F | 0x80)
            gap >>= 7
        gaps.append(gap)
    return b64encode(gaps).decode()


def decoded(text: str) -> array[int]:
    """Return the ids in the text, ascending. Raises ValueError if the text is damaged."""
    ids = _no_ids()
    last, gap, bits = _BEFORE_THE_LEAST, 0, 0
    for byte in b64decode(text, validate=True):
        gap |= (byte & 0x7F) << bits
        if byte > 0x7F:
            bits += 7
            if bits > _MOST_BITS:
                raise ValueError("a gap of more than 64 bits")
            continue
        last += gap
        if not gap or last > _GREATEST:
            raise ValueError("not ascending ids of 64 bits")
        ids.append(last)
        gap = bits = 0
    if bits:
        raise ValueError("the last gap is cut")
    return ids


def _readable(forms: Any) -> dict[int, array[int]]:
    """Return the ids by form. A form whose text is damaged counts as never read."""
    ids: dict[int, array[int]] = {}
    for name, text in forms.items() if isinstance(forms, dict) else ():
        form = integer_id(name)
        try:
            readable = decoded(text) if isinstance(text, str) else _no_ids()
        except ValueError:
            continue
        if form is not None and readable:
            ids[form] = readable
    return ids


def _contains(ids: array[int], one: int) -> bool:
    place = bisect_left(ids, one)
    return place < len(ids) and ids[place] == one


def _no_ids() -> array[int]:
    return array("q")
