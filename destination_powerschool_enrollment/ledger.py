"""Which states may leave: bookkeeping of rows and states in the order they came. Pure; the caller holds the lock."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from destination_powerschool_enrollment.catalog import StreamId
from destination_powerschool_enrollment.protocol import StateMessage, with_stats


@dataclass
class Stretch:
    """The rows between two states, and the state that ends them."""

    unsettled: int = 0
    accepted: Counter[StreamId] = field(default_factory=Counter)
    rejected: Counter[StreamId] = field(default_factory=Counter)
    state: StateMessage | None = None


@dataclass(frozen=True)
class Leaving:
    """A settled state: `message` confirms it, or is None to hold it back. `size` is its length in bytes."""

    message: dict[str, Any] | None
    size: int


class Ledger:
    """Keeps states until every row before them is settled; holds them back once a row was rejected, if asked to."""

    def __init__(self, *, holds_back_after_rejection: bool = False, holds_back_all: bool = False) -> None:
        self._holds_back_after_rejection = holds_back_after_rejection
        self._is_holding_back = holds_back_all
        self._stretches: deque[Stretch] = deque([Stretch()])
        self._accepted: Counter[StreamId] = Counter()
        self._rejected: Counter[StreamId] = Counter()

    def add_row(self) -> Stretch:
        """Note a row that came; the caller settles it in the stretch returned."""
        stretch = self._stretches[-1]
        stretch.unsettled += 1
        return stretch

    def add_state(self, state: StateMessage) -> None:
        """Note a state that came."""
        self._stretches[-1].state = state
        self._stretches.append(Stretch())

    def settle(self, stretch: Stretch, stream: StreamId, *, accepted: bool) -> None:
        """Note what became of a row."""
        stretch.unsettled -= 1
        (stretch.accepted if accepted else stretch.rejected)[stream] += 1

    def leaving(self) -> Iterator[Leaving]:
        """Yield the states that everything before is settled for, in order, once each."""
        while (stretch := self._stretches[0]).state is not None and not stretch.unsettled:
            self._stretches.popleft()
            self._accepted += stretch.accepted
            self._rejected += stretch.rejected
            if stretch.rejected and self._holds_back_after_rejection:
                self._is_holding_back = True
            message = None if self._is_holding_back else self._confirm(stretch.state)
            yield Leaving(message, stretch.state.size)

    def _confirm(self, message: StateMessage) -> dict[str, Any]:
        """Count the rows since this stream's last state; a global or legacy state speaks for all streams."""
        stream = message.stream
        if stream is not None:
            return with_stats(message.state, self._accepted.pop(stream, 0), self._rejected.pop(stream, 0))
        confirmed = with_stats(message.state, self._accepted.total(), self._rejected.total())
        self._accepted.clear()
        self._rejected.clear()
        return confirmed
