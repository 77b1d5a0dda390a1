"""Tracks rows and states in the order of the input, to emit a state only after all rows before it are settled.

A row is settled once it was accepted or rejected. Not thread-safe: the caller holds the lock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from destination_powerschool_enrollment.catalog import StreamId
from destination_powerschool_enrollment.protocol import StateMessage, with_stats


@dataclass
class Segment:
    """The rows between two states, and the state that ends them."""

    unsettled: int = 0
    accepted: Counter[StreamId] = field(default_factory=Counter)
    rejected: Counter[StreamId] = field(default_factory=Counter)
    state: StateMessage | None = None


@dataclass(frozen=True)
class Release:
    """A settled state. `message` confirms it, or is None if the state is held back. `size` is its length in bytes."""

    message: dict[str, Any] | None
    size: int


class StateTracker:
    """Releases each state after all rows before it are settled.

    With `holds_back_after_rejection`, no state after the first rejected row is confirmed; with `holds_back_all`, none.
    """

    def __init__(self, *, holds_back_after_rejection: bool = False, holds_back_all: bool = False) -> None:
        self._holds_back_after_rejection = holds_back_after_rejection
        self._is_holding_back = holds_back_all
        self._segments: deque[Segment] = deque([Segment()])
        self._accepted: Counter[StreamId] = Counter()
        self._rejected: Counter[StreamId] = Counter()

    def add_row(self) -> Segment:
        """Record a received row and return its segment, in which the caller settles it."""
        segment = self._segments[-1]
        segment.unsettled += 1
        return segment

    def add_state(self, state: StateMessage) -> None:
        """Record a received state: it ends the current segment."""
        self._segments[-1].state = state
        self._segments.append(Segment())

    def settle(self, segment: Segment, stream: StreamId, *, accepted: bool) -> None:
        """Record that a row of `segment` was accepted or rejected."""
        segment.unsettled -= 1
        (segment.accepted if accepted else segment.rejected)[stream] += 1

    def released(self) -> Iterator[Release]:
        """Yield, once and in order, each state whose earlier rows are all settled."""
        while (segment := self._segments[0]).state is not None and not segment.unsettled:
            self._segments.popleft()
            self._accepted += segment.accepted
            self._rejected += segment.rejected
            if segment.rejected and self._holds_back_after_rejection:
                self._is_holding_back = True
            message = None if self._is_holding_back else self._confirm(segment.state)
            yield Release(message, segment.state.size)

    def _confirm(self, message: StateMessage) -> dict[str, Any]:
        """Return the message that confirms a state, with the number of rows since the stream's last state.

        A global or legacy state covers all streams.
        """
        stream = message.stream
        if stream is not None:
            return with_stats(message.state, self._accepted.pop(stream, 0), self._rejected.pop(stream, 0))
        confirmed = with_stats(message.state, self._accepted.total(), self._rejected.total())
        self._accepted.clear()
        self._rejected.clear()
        return confirmed
