"""What is known of one delivery target: which batches are settled, and since when that is all there is to know.

As JSON: `{"delivery_targets": {"<id>": {"since": "YYYY-MM-DD", "settled": ["<batch id>", …]}}}`.
A batch is settled when its records were confirmed, or when it was reset so that they come again.

A target may also have `"not_found": {"<batch id>": 2}`: in how many syncs in a row the service did not find this batch
when it was to be reset. An older connector ignores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.deliveries.dates import days_before

# How long after its date a batch whose answer was lost may first show up in the list, and still be found.
_GRACE = timedelta(days=3)
_ROUND = 50  # a limit on how many batches a service lists is a multiple of it
MOST_NOT_FOUND = 3  # syncs in a row; then the batch is not there, whatever the list shows


def key_of(batch_id: str) -> str:
    """Return what two ids of the same batch have in common: the list may show other capitals than `createbatch`."""
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
        """Return what identifies the batch; see `key_of`."""
        return key_of(self.id)

    def is_before(self, day: date) -> bool:
        """Return whether its date is known and earlier."""
        return self.delivered_on is not None and self.delivered_on < day


@dataclass(frozen=True)
class TargetState:
    """What is settled of one target. Batches of a date before `since` (UTC) are: all of them, without being listed.

    `settled` is in the order of the batches' dates, where they are known.
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
        """Return the state once the records of this newest batch are out."""
        return self if key_of(batch_id) in keys_of(self.settled) else replace(self, settled=(*self.settled, batch_id))

    def with_reset(self, batch_ids: Sequence[str]) -> TargetState:
        """Return the state once these batches, older than what is created from now on, are reset."""
        reset = keys_of(batch_ids)
        not_found = {batch_id: times for batch_id, times in self.not_found.items() if key_of(batch_id) not in reset}
        return replace(self, settled=(*batch_ids, *self.settled), not_found=not_found)

    def with_not_found(self, batch_ids: Iterable[str], before: Mapping[str, int]) -> TargetState:
        """Return the state once a sync did not find these batches; `before` are the counts that it began with."""
        counts = {key_of(batch_id): times for batch_id, times in before.items()}
        return replace(self, not_found={batch_id: counts.get(key_of(batch_id), 0) + 1 for batch_id in batch_ids})

    def not_found_too_often(self) -> list[str]:
        """Return the batches that enough syncs did not find."""
        return [batch_id for batch_id, times in self.not_found.items() if times >= MOST_NOT_FOUND]

    def advanced(self, listed: Sequence[ListedBatch], today: date) -> TargetState:
        """Return the same knowledge in fewer words.

        `since` follows the newest date listed, or this machine's date if that is earlier: the service's clock or
        this one may be wrong, and moving too late does no harm. It never passes an orphan. A settled batch is
        forgotten once its date lies before `since`; one that is no longer listed, together with a later one.
        """
        newest = max((batch.delivered_on for batch in listed if batch.delivered_on), default=self.since)
        orphans = keys_of(self.orphans_in(listed))
        unsettled = [batch.delivered_on or self.since for batch in listed if batch.key in orphans]
        moved = replace(self, since=max(self.since, min([days_before(min(newest, today), _GRACE), *unsettled])))
        past = {batch.key for batch in listed if batch.is_before(moved.since)}
        present = {batch.key for batch in listed} - past
        settled = [(place, batch_id, key_of(batch_id)) for place, batch_id in enumerate(self.settled)]
        last_past = max((place for place, _, key in settled if key in past), default=-1)
        return replace(
            moved, settled=tuple(batch_id for place, batch_id, key in settled if key in present or place > last_past)
        )


def read_states(stream_state: Mapping[str, Any]) -> dict[str, TargetState]:
    """Return the state of each target by its id. Raises InvalidOption for what this stream never wrote."""
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
    """Return the readable counts. A lost one costs no more than further attempts."""
    counts = value.items() if isinstance(value, dict) else ()
    return {batch_id: times for batch_id, times in counts if type(times) is int and 0 < times < MOST_NOT_FOUND}
