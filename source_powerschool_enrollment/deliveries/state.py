"""What is known of one delivery target: which batches are settled, and since when that is all there is to know.

As JSON: `{"delivery_targets": {"<id>": {"since": "YYYY-MM-DD", "settled": ["<batch id>", …]}}}`.
A batch is settled when its records were confirmed, or when it was reset so that they come again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from powerschool_enrollment_api import InvalidOption

# How long after its date a batch whose answer was lost may first show up in the list, and still be found.
_GRACE = timedelta(days=3)


@dataclass(frozen=True)
class ListedBatch:
    """A batch that the service lists: its id, and its date (UTC) if it can be read."""

    id: str
    delivered_on: date | None

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

    def orphans_in(self, listed: Iterable[ListedBatch]) -> list[str]:
        """Return the batches that were never confirmed. One without a date may be new, so it counts."""
        known = set(self.settled)
        return [batch.id for batch in listed if batch.id not in known and not batch.is_before(self.since)]

    def with_created(self, batch_id: str) -> TargetState:
        """Return the state once the records of this newest batch are out."""
        return self if batch_id in self.settled else replace(self, settled=(*self.settled, batch_id))

    def with_reset(self, batch_ids: Sequence[str]) -> TargetState:
        """Return the state once these batches, older than what is created from now on, are reset."""
        return replace(self, settled=(*batch_ids, *self.settled))

    def advanced(self, listed: Sequence[ListedBatch], today: date) -> TargetState:
        """Return the same knowledge in fewer words, when everything listed is settled.

        `since` follows the newest date listed, or this machine's date if that is earlier: the service's clock or
        this one may be wrong, and moving too late does no harm. A settled batch is forgotten once its date
        lies before `since`; one that is no longer listed, together with a later one.
        """
        newest = max((batch.delivered_on for batch in listed if batch.delivered_on), default=self.since)
        moved = replace(self, since=max(self.since, min(newest, today) - _GRACE))
        past = {batch.id for batch in listed if batch.is_before(moved.since)}
        present = {batch.id for batch in listed} - past
        last_past = max((place for place, batch_id in enumerate(self.settled) if batch_id in past), default=-1)
        return replace(
            moved,
            settled=tuple(
                batch_id for place, batch_id in enumerate(self.settled) if batch_id in present or place > last_past
            ),
        )


def read_states(stream_state: Mapping[str, Any]) -> dict[str, TargetState]:
    """Return the state of each target by its id. Raises InvalidOption for what this stream never wrote."""
    try:
        return {
            target: TargetState(date.fromisoformat(state["since"]), tuple(map(str, state["settled"])))
            for target, state in (stream_state.get("delivery_targets") or {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidOption(
            "The state of delivered_records cannot be read: restore it, or clear it to have everything "
            "since deliveries.start_date delivered again."
        ) from None


def write_states(states: Mapping[str, TargetState]) -> dict[str, Any]:
    """Return the stream's state as JSON."""
    return {
        "delivery_targets": {
            target: {"since": state.since.isoformat(), "settled": list(state.settled)}
            for target, state in states.items()
        }
    }
