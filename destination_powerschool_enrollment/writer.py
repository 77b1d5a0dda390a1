"""The way of rows and states: read → prepared → sent, each key in order → settled → states out.

input ─ feeder thread ─ InFlightLimit ─ OrderedQueue ─ worker threads ─ StateTracker ─ write() ─ output
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from destination_powerschool_enrollment.catalog import StreamId, describe
from destination_powerschool_enrollment.ordered_queue import InFlightLimit, OrderedQueue, Stopped
from destination_powerschool_enrollment.outcome import Outcome, RowResult
from destination_powerschool_enrollment.protocol import InputMessage, RowMessage, StateMessage
from destination_powerschool_enrollment.row_report import RowReport
from destination_powerschool_enrollment.state_tracker import Release, Segment, StateTracker

logger = logging.getLogger("airbyte.destination_powerschool_enrollment")

_PROGRESS_SECONDS = 10
_LAST_REQUESTS_SECONDS = 2


@dataclass(frozen=True)
class SendTask:
    """A row that is ready to be sent: `send` blocks and returns its outcome."""

    lane: Hashable
    send: Callable[[], Outcome]


class RejectedRowsSink(Protocol):
    """Keeps rejected rows."""

    def add(self, stream: StreamId, row: dict[str, Any], outcome: Outcome) -> None:
        """Keep one row."""


@dataclass(frozen=True)
class Bookkeeping:
    """What is written down about rows: for the states, for people, and the rejected rows themselves."""

    ledger: StateTracker
    tally: RowReport
    keeper: RejectedRowsSink | None = None


@dataclass(frozen=True)
class _Received:
    """A row and its place in the order."""

    message: RowMessage
    number: int
    segment: Segment


class Writer:
    """Writes one sync's rows. To be used once.

    `prepare` decides what happens to a row: its outcome at once, or a task to send. It is called in the
    order of the input, from one thread. What it raises ends the sync, once the rows before are settled.
    """

    def __init__(
        self,
        prepare: Callable[[RowMessage], Outcome | SendTask],
        books: Bookkeeping,
        *,
        num_workers: int,
        stop: threading.Event,
    ) -> None:
        self._prepare = prepare
        self._books = books
        self._num_workers = num_workers
        self._stop = stop
        self._window = InFlightLimit()
        self._lanes: OrderedQueue[tuple[_Received, SendTask]] = OrderedQueue()
        self._released: SimpleQueue[Release | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._numbers: Counter[StreamId] = Counter()
        self._unsettled = 0
        self._input_ended = False
        self._failure: Exception | None = None

    def write(self, messages: Iterable[InputMessage]) -> Iterator[dict[str, Any]]:
        """Write the rows in `messages` and yield each state's confirmation. Raises what makes the sync fail."""
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self._num_workers)]
        feeder = threading.Thread(target=self._feed, args=(messages,), daemon=True)
        for thread in (*workers, feeder):
            thread.start()
        try:
            for release in self._settled_states():
                if release.message is not None:
                    yield release.message
                self._window.leave(release.size)
        finally:
            self._shut_down(workers)
        if self._failure is not None:
            raise self._failure

    def _settled_states(self) -> Iterator[Release]:
        """Yield states as they are settled until no more can come, and log the progress of the rows in between."""
        next_report = time.monotonic() + _PROGRESS_SECONDS
        while True:
            with suppress(Empty):
                release = self._released.get(timeout=max(0.0, next_report - time.monotonic()))
                if release is None:
                    return
                yield release
            if time.monotonic() >= next_report:
                next_report = time.monotonic() + _PROGRESS_SECONDS
                self._tell_progress()

    def _feed(self, messages: Iterable[InputMessage]) -> None:
        try:
            for message in messages:
                self._window.enter(message.size)
                self._receive(message)
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001  # write() raises it, once the rows before it are settled
            self._failure = self._failure or error
        with self._lock:
            self._input_ended = True
            self._release_states()

    def _receive(self, message: InputMessage) -> None:
        if isinstance(message, StateMessage):
            with self._lock:
                self._books.ledger.add_state(message)
                self._release_states()
            return
        prepared = self._prepare(message)
        received = self._register(message)
        if isinstance(prepared, Outcome):
            self._settle(received, prepared)
        else:
            self._lanes.add(prepared.lane, (received, prepared))

    def _register(self, message: RowMessage) -> _Received:
        with self._lock:
            self._unsettled += 1
            self._numbers[message.stream] += 1
            return _Received(message, self._numbers[message.stream], self._books.ledger.add_row())

    def _work(self) -> None:
        try:
            while True:
                lane, (received, task) = self._lanes.take()
                self._settle(received, task.send())
                self._lanes.free(lane)
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001  # write() raises it
            self._abort(error)

    def _settle(self, received: _Received, outcome: Outcome) -> None:
        """Note what became of a row. Raises Stopped if that ends the sync."""
        try:
            with self._lock:
                self._note(received, outcome)
                self._release_states()
        except Exception as error:  # noqa: BLE001  # write() raises it
            self._abort(error)
            raise Stopped from None
        self._window.leave(received.message.size)

    def _note(self, received: _Received, outcome: Outcome) -> None:
        stream, is_rejected = received.message.stream, outcome.result is RowResult.REJECTED
        if is_rejected and self._books.keeper is not None:
            self._books.keeper.add(stream, received.message.data, outcome)
        if self._books.tally.count(stream, received.number, outcome):
            logger.warning("Stream %s, row %d: rejected: %s", describe(stream), received.number, outcome.public_reason)
        self._books.ledger.settle(received.segment, stream, accepted=not is_rejected)
        self._unsettled -= 1

    def _release_states(self) -> None:
        # Order of truth: state leaves only after everything before it is settled.
        for release in self._books.ledger.released():
            self._released.put(release)
        if self._input_ended and not self._unsettled:
            self._released.put(None)

    def _abort(self, error: Exception) -> None:
        """Stop at once: what is under way may end, what waits is not sent."""
        with self._lock:
            self._failure = self._failure or error
        self._close()
        self._released.put(None)

    def _close(self) -> None:
        self._stop.set()
        self._lanes.close()
        self._window.close()

    def _shut_down(self, workers: Iterable[threading.Thread]) -> None:
        """Give requests under way a moment to end; a thread that hangs longer ends with the program."""
        self._close()
        deadline = time.monotonic() + _LAST_REQUESTS_SECONDS
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _tell_progress(self) -> None:
        with self._lock:
            lines = self._books.tally.summary()
        for line in lines:
            logger.info(line)
