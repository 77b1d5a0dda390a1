"""Reads rows and states from the input, sends the rows, and returns each state when its rows are settled.

input → feeder thread → InFlightLimit → OrderedQueue → worker threads → StateTracker → write() → output
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from destination_powerschool_enrollment.catalog import StreamId, describe
from destination_powerschool_enrollment.ordered_queue import InFlightLimit, OrderedQueue, RowsToSendAgain, Stopped
from destination_powerschool_enrollment.protocol import InputMessage, RowMessage, StateMessage
from destination_powerschool_enrollment.row_report import RowReport
from destination_powerschool_enrollment.send_row import Outcome, RowResult
from destination_powerschool_enrollment.state_tracker import Release, Segment, StateTracker
from powerschool_enrollment_api import EnrollmentError

logger = logging.getLogger("airbyte.destination_powerschool_enrollment")

_PROGRESS_SECONDS = 10
_LAST_REQUESTS_SECONDS = 2


@dataclass(frozen=True)
class SendTask:
    """A row that is ready to be sent: `send` blocks and returns its outcome. Rows of one `key` are sent in order.

    `has_identity`: all rows of the key are of one student, and sending a row twice does not create a second record.
    """

    key: Hashable
    send: Callable[[], Outcome]
    has_identity: bool = False


class RejectedRowsSink(Protocol):
    """Stores rejected rows."""

    def add(self, message: RowMessage, outcome: Outcome) -> None:
        """Store one row."""


@dataclass(frozen=True)
class OutcomeRecorders:
    """Where the outcome of each row is recorded: for the states, for the report, and in the rejected-rows file.

    `logs_rejections` is False if the caller reports the rejected rows itself.
    """

    states: StateTracker
    report: RowReport
    rejected_rows: RejectedRowsSink | None = None
    logs_rejections: bool = True


@dataclass(frozen=True)
class _Received:
    """A row, its number in its stream (from 1) and the segment between two states that it belongs to."""

    message: RowMessage
    number: int
    segment: Segment


class Writer:
    """Writes the rows of one sync. An instance is used once.

    `prepare` returns the outcome of a row that needs no request, or a task that sends the row. One thread calls it, in
    the order of the input. If it raises an exception, the sync ends after all earlier rows are settled.
    """

    def __init__(
        self,
        prepare: Callable[[RowMessage], Outcome | SendTask],
        recorders: OutcomeRecorders,
        *,
        num_workers: int,
        stop: threading.Event,
    ) -> None:
        self._prepare = prepare
        self._recorders = recorders
        self._num_workers = num_workers
        self._stop = stop
        self._in_flight = InFlightLimit()
        self._queue: OrderedQueue[tuple[_Received, SendTask]] = OrderedQueue()
        self._released: SimpleQueue[Release | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._to_send_again: RowsToSendAgain[SendTask] = RowsToSendAgain()
        self._numbers: Counter[StreamId] = Counter()
        self._unsettled = 0
        self._input_ended = False
        self._place_is_logged = False
        self._failure: Exception | None = None

    def write(self, messages: Iterable[InputMessage]) -> Iterator[dict[str, Any]]:
        """Write the rows in `messages` and yield the message that confirms each state. Raises the first failure."""
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self._num_workers)]
        feeder = threading.Thread(target=self._feed, args=(messages,), daemon=True)
        for thread in (*workers, feeder):
            thread.start()
        try:
            for release in self._settled_states():
                if release.message is not None:
                    yield release.message
                self._in_flight.release(release.size)
            if self._failure is None:
                self._send_again()
        finally:
            self._shut_down(workers)
        if self._failure is not None:
            raise self._failure

    def _settled_states(self) -> Iterator[Release]:
        """Yield each settled state until the last one, and log the progress every ten seconds."""
        next_report = time.monotonic() + _PROGRESS_SECONDS
        while True:
            with suppress(Empty):
                release = self._released.get(timeout=max(0.0, next_report - time.monotonic()))
                if release is None:
                    return
                yield release
            if time.monotonic() >= next_report:
                next_report = time.monotonic() + _PROGRESS_SECONDS
                self._log_progress()

    def _feed(self, messages: Iterable[InputMessage]) -> None:
        try:
            for message in messages:
                self._in_flight.acquire(message.size)
                self._receive(message)
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001  # write() raises it after the earlier rows are settled
            self._failure = self._failure or error
        with self._lock:
            self._input_ended = True
            self._release_states()

    def _receive(self, message: InputMessage) -> None:
        if isinstance(message, StateMessage):
            with self._lock:
                self._recorders.states.add_state(message)
                self._release_states()
            return
        prepared = self._prepare(message)
        received = self._register(message)
        if isinstance(prepared, Outcome):
            self._settle(received, prepared)
        else:
            self._queue.add(prepared.key, (received, prepared))

    def _register(self, message: RowMessage) -> _Received:
        with self._lock:
            self._unsettled += 1
            self._numbers[message.stream] += 1
            return _Received(message, self._numbers[message.stream], self._recorders.states.add_row())

    def _work(self) -> None:
        try:
            while True:
                key, (received, task) = self._queue.take()
                outcome = task.send()
                if task.has_identity and outcome.result is RowResult.ACCEPTED:
                    self._to_send_again.add(key, task, was_repeated=outcome.was_repeated)
                self._settle(received, outcome)
                self._queue.done(key)
        except Stopped:
            return
        except Exception as error:  # noqa: BLE001  # write() raises it
            self._abort(error)

    def _send_again(self) -> None:
        """Send the rows that an earlier row of their key may have replaced. A failure is only a warning.

        All rows were accepted before, and all states are settled.
        """
        tasks = self._to_send_again.rows()
        if tasks:
            logger.info("Sending %d rows again: earlier rows of their keys may be applied late.", len(tasks))
        with ThreadPoolExecutor(self._num_workers) as pool, self._closed_on_exception():
            accepted = sum(pool.map(_is_accepted_again, tasks))
        if missing := len(tasks) - accepted + self._to_send_again.forgotten:
            logger.warning(
                "%d rows could not be sent again: an earlier row may replace them. Compare them in PowerSchool.",
                missing,
            )

    def _settle(self, received: _Received, outcome: Outcome) -> None:
        """Record the outcome of a row. Raises Stopped if that ends the sync."""
        try:
            with self._lock:
                self._record(received, outcome)
                self._release_states()
        except Exception as error:  # noqa: BLE001  # write() raises it
            self._abort(error)
            raise Stopped from None
        self._in_flight.release(received.message.size)

    def _record(self, received: _Received, outcome: Outcome) -> None:
        stream, is_rejected = received.message.stream, outcome.result is RowResult.REJECTED
        if is_rejected and self._recorders.rejected_rows is not None:
            self._recorders.rejected_rows.add(received.message, outcome)
        if self._recorders.report.count(stream, received.number, outcome) and self._recorders.logs_rejections:
            self._log_rejection(received, outcome.public_reason)
        self._recorders.states.settle(received.segment, stream, accepted=not is_rejected)
        self._unsettled -= 1

    def _log_rejection(self, received: _Received, reason: str) -> None:
        place = "" if self._place_is_logged else self._recorders.report.place_of_full_reason(reason)
        self._place_is_logged = self._place_is_logged or bool(place)
        text = f"{reason} {place}".rstrip()
        logger.warning("Stream %s, row %d: rejected: %s", describe(received.message.stream), received.number, text)

    def _release_states(self) -> None:
        # Order of truth: a state is emitted only after everything before it is settled.
        for release in self._recorders.states.released():
            self._released.put(release)
        if self._input_ended and not self._unsettled:
            self._released.put(None)

    def _abort(self, error: Exception) -> None:
        """Stop immediately: requests in flight may end, but rows in the queue are not sent."""
        with self._lock:
            self._failure = self._failure or error
        self._close()
        self._released.put(None)

    @contextmanager
    def _closed_on_exception(self) -> Iterator[None]:
        """End the waits between retries: a pool waits for its threads, which may take minutes during an outage."""
        try:
            yield
        except BaseException:  # also Ctrl-C
            self._close()
            raise

    def _close(self) -> None:
        self._stop.set()
        self._queue.close()
        self._in_flight.close()

    def _shut_down(self, workers: Iterable[threading.Thread]) -> None:
        """Wait a short time for requests in flight. A worker thread that takes longer ends with the process."""
        self._close()
        deadline = time.monotonic() + _LAST_REQUESTS_SECONDS
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _log_progress(self) -> None:
        with self._lock:
            lines = self._recorders.report.summary()
        for line in lines:
            logger.info(line)


def _is_accepted_again(task: SendTask) -> bool:
    try:
        return task.send().result is RowResult.ACCEPTED
    except (EnrollmentError, Stopped):
        return False
