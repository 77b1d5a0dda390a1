"""The state of the delivery targets: which batches are settled.

    {"delivery_targets": {"<id>": {"since": "YYYY-MM-DD", "settled": ["<batch id>", …]}}}

A batch is settled when its records were confirmed, or when it was reset so that they are delivered again. Batches of a
date before `since` are all settled.

A target may also have `"not_found": {"<batch id>": 2}`: the number of consecutive syncs in which resetbatch did not
find this batch. Older versions of the connector ignore it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.deliveries.dates import days_before

# A batch whose answer was lost is found even if it first appears in the list this long after its date.
_GRACE = timedelta(days=3)
_ROUND = 50  # if the service limits how many batches it lists, the limit is probably a multiple of this
MOST_NOT_FOUND = 3  # syncs in a row; then the batch counts as reset, even if the service still lists it


def key_of(batch_id: str) -> str:
    """Return the id without differences of case: the list may show other capitals than `createbatch`."""
    return batch_id.casefold()


def keys_of(batch_ids: Iterable[str]) -> set[str]:
    """Return the keys of these ids."""
    return set(map(key_of, batch_ids))


@dataclass(frozen=True)
class ListedBatch:
    """A batch that the service lists: its id, and its date (UTC) if it can be read and is plausible."""

    id: str
    delivered_on: date | None

    @property
    def key(self) -> str:
        """Return the id to compare with; see `key_of`."""
        return key_of(self.id)

    def is_before(self, day: date) -> bool:
        """Return whether its date is known and earlier."""
        return self.delivered_on is not None and self.delivered_on < day


@dataclass(frozen=True)
class TargetState:
    """The settled batches of one target: all with a date before `since` (UTC), and those in `settled`.

    `settled` is in the order of the batches' dates, where they are known. `not_found` counts, for each batch to reset,
    the syncs in a row that did not find it.
    """

    since: date
    settled: tuple[str, ...] = ()
    not_found: Mapping[str, int] = field(default_factory=dict)

    def orphans_in(self, listed: Iterable[ListedBatch]) -> list[str]:
        """Return the batches that were never confirmed. One without a date may be new, so it counts."""
        known = keys_of(self.settled)
        return [batch.id for batch in listed if batch.key not in known and not batch.is_before(self.since)]

    def may_be_incomplete(self, listed: Sequence[ListedBatch]) -> bool:
        """Return whether the service may list only its newest batches: a round number of them, none before `since`."""
        is_round = bool(listed) and len(listed) % _ROUND == 0
        return is_round and not any(batch.is_before(self.since) for batch in listed)

    def with_created(self, batch_id: str) -> TargetState:
        """Return the state after the records of this newest batch were emitted."""
        return self if key_of(batch_id) in keys_of(self.settled) else replace(self, settled=(*self.settled, batch_id))

    def with_reset(self, batch_ids: Sequence[str]) -> TargetState:
        """Return the state after these batches were reset. They are older than each batch that is created later."""
        reset = keys_of(batch_ids)
        not_found = {batch_id: times for batch_id, times in self.not_found.items() if key_of(batch_id) not in reset}
        return replace(self, settled=(*batch_ids, *self.settled), not_found=not_found)

    def with_not_found(self, batch_ids: Iterable[str], before: Mapping[str, int]) -> TargetState:
        """Return the state after a sync did not find these batches; `before` are the counts at the sync's start."""
        counts = {key_of(batch_id): times for batch_id, times in before.items()}
        return replace(self, not_found={batch_id: counts.get(key_of(batch_id), 0) + 1 for batch_id in batch_ids})

    def not_found_too_often(self) -> list[str]:
        """Return the batches that enough syncs did not find."""
        return [batch_id for batch_id, times in self.not_found.items() if times >= MOST_NOT_FOUND]

    def advanced(self, listed: Sequence[ListedBatch], today: date) -> TargetState:
        """Return the state with a later `since` and without the batches that are then covered by it.

        `since` follows the newest date listed, or this machine's date if that is earlier: the service's clock or
        this one may be wrong, and moving too late does no harm. It never passes an orphan. A settled batch is
        removed once its date is before `since`. If it is no longer listed, it is removed with a later one in `settled`.
        """
        newest = max((batch.delivered_on for batch in listed if batch.delivered_on), default=self.since)
        orphans = keys_of(self.orphans_in(listed))
        orphan_dates = [batch.delivered_on or self.since for batch in listed if batch.key in orphans]
        moved = replace(self, since=max(self.since, min([days_before(min(newest, today), _GRACE), *orphan_dates])))
        past = {batch.key for batch in listed if batch.is_before(moved.since)}
        present = {batch.key for batch in listed} - past
        settled = [(place, batch_id, key_of(batch_id)) for place, batch_id in enumerate(self.settled)]
        last_past = max((place for place, _, key in settled if key in past), default=-1)
        return replace(
            moved, settled=tuple(batch_id for place, batch_id, key in settled if key in present or place > last_past)
        )


def read_states(stream_state: Mapping[str, Any]) -> dict[str, TargetState]:
    """Return the state of each target by its id. Raises InvalidOption for a state that this stream did not write."""
    try:
        return {target: _of_json(state) for target, state in (stream_state.get("delivery_targets") or {}).items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidOption(
            "The state of delivered_records cannot be read: restore it, or clear it to have everything "
            "since deliveries.start_date delivered again."
        ) from None


def write_states(states: Mapping[str, TargetState]) -> dict[str, Any]:
    """Return the stream's state as JSON."""
    return {"delivery_targets": {target: _as_json(state) for target, state in states.items()}}


def _of_json(state: Mapping[str, Any]) -> TargetState:
    settled = state["settled"]
    if not isinstance(settled, list) or not all(isinstance(batch_id, str) for batch_id in settled):
        raise TypeError("settled is not a list of ids")
    return TargetState(date.fromisoformat(state["since"]), tuple(settled), _counts(state.get("not_found")))


def _as_json(state: TargetState) -> dict[str, Any]:
    written = {"since": state.since.isoformat(), "settled": list(state.settled)}
    return written | ({"not_found": dict(state.not_found)} if state.not_found else {})


def _counts(value: Any) -> dict[str, int]:
    """Return the readable counts. If one is lost, the batch is only tried more often."""
    counts = value.items() if isinstance(value, dict) else ()
    return {batch_id: times for batch_id, times in counts if type(times) is int and 0 < times < MOST_NOT_FOUND}
