"""One sync: runs the preflight checks, then maps each row, compares it with the roster and sends it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from destination_powerschool_enrollment.catalog import ConfiguredStream, StreamId, describe
from destination_powerschool_enrollment.columns import is_deletion
from destination_powerschool_enrollment.config import Config, FailOnRejectedRow, ImportSchemaTarget
from destination_powerschool_enrollment.mapping import Route, Row, RowMapper, UnfitRow
from destination_powerschool_enrollment.ordered_queue import Stopped
from destination_powerschool_enrollment.preflight import OVERWRITE_MODES, import_for, plan_routes
from destination_powerschool_enrollment.protocol import InputMessage, RowMessage
from destination_powerschool_enrollment.rejected_rows import RejectedRowsFile
from destination_powerschool_enrollment.roster_comparison import RosterDigests
from destination_powerschool_enrollment.row_report import RowReport
from destination_powerschool_enrollment.send_row import ACCEPTED, UNCHANGED, Outcome, send_row, unfit
from destination_powerschool_enrollment.state_tracker import StateTracker
from destination_powerschool_enrollment.writable_targets import read_writable_targets
from destination_powerschool_enrollment.writer import OutcomeRecorders, RejectedRowsSink, SendTask, Writer
from powerschool_enrollment_airbyte.warning_counter import WarningCounter
from powerschool_enrollment_api import Client, EnrollmentError, InvalidOption, TemporaryFailure
from powerschool_enrollment_api.imports import Fields
from powerschool_enrollment_api.record_pages import read_roster_records
from powerschool_enrollment_api.retry import RateLimiter

logger = logging.getLogger("airbyte.destination_powerschool_enrollment")

_LEFT_OUT = "left out rows that were deleted at their source, because the service cannot delete"


class SentRows:
    """Counts the rows that were sent without an answer: the service may have written them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.without_outcome = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Count a row until its outcome is known. A request that the service did not process wrote nothing."""
        self._add(1)
        try:
            yield
        except EnrollmentError as error:
            if not (isinstance(error, TemporaryFailure) and error.arrived):
                self._add(-1)
            raise
        self._add(-1)

    def _add(self, rows: int) -> None:
        with self._lock:
            self.without_outcome += rows


class WriteSync:
    """Writes the rows of one run of `write`.

    `report` and `sent` have the outcomes so far, also after a failure. With `rejected_rows`, rejected rows are added to
    this sink, and not logged or written to the configured file.
    """

    def __init__(
        self, config: Config, streams: list[ConfiguredStream], rejected_rows: RejectedRowsSink | None = None
    ) -> None:
        """Check against the service that all streams can be written. Raises an EnrollmentError with all problems."""
        self._config = config
        self._sink = rejected_rows
        self.sent = SentRows()
        self.report = RowReport(
            config.on_rejected_row,
            only_validates=config.validate_only,
            keeps_rows=config.rejected_rows_file is not None,
        )
        self._stop = threading.Event()
        self._repeats = threading.local()
        # The limiter has a separate sleep, because the client's sleep records that a request is repeated.
        limiter = RateLimiter(config.requests_per_minute, sleep=self._sleep)
        self._warnings = WarningCounter()
        self._client = Client(
            config.connection,
            rate_limiter=limiter,
            on_repairs=self._warnings.count_repairs,
            sleep=self._sleep_before_repeat,
        )
        self._routes = self._plan(streams)
        self._mappers = {stream: RowMapper(route, config) for stream, route in self._routes.items()}
        self._rosters = {
            stream: _read_roster(self._client, route, self._mappers[stream].date_fields)
            for stream, route in self._routes.items()
            if self._compares(route)
        }

    def write(self, messages: Iterable[InputMessage]) -> Generator[dict[str, Any], None, None]:
        """Write the rows, and yield the message that confirms each state. Raises EnrollmentError if the sync fails."""
        try:
            with self._rejected_rows() as rejected_rows:
                recorders = OutcomeRecorders(
                    self._state_tracker(), self.report, rejected_rows, logs_rejections=self._sink is None
                )
                writer = Writer(self._prepare, recorders, num_workers=self._config.num_workers, stop=self._stop)
                yield from writer.write(map(self._with_configured_namespace, messages))
        finally:
            self._warnings.report(logger)
            for line in self.report.summary():
                logger.info(line)
        if failure := self.report.final_failure():
            raise failure

    def _rejected_rows(self) -> AbstractContextManager[RejectedRowsSink | None]:
        path = self._config.rejected_rows_file
        if self._sink is not None:
            return nullcontext(self._sink)
        return closing(RejectedRowsFile(path)) if path else nullcontext()

    def _state_tracker(self) -> StateTracker:
        return StateTracker(
            holds_back_after_rejection=isinstance(self._config.on_rejected_row, FailOnRejectedRow),
            # A state confirms that its rows were written. A validation writes none.
            holds_back_all=self._config.validate_only,
        )

    def _plan(self, streams: list[ConfiguredStream]) -> dict[StreamId, Route]:
        entries = [*self._config.imports, *(import_for(self._config, stream) for stream in streams)]
        writable = read_writable_targets(self._client, [entry.target for entry in entries if entry is not None])
        routes = {route.stream.id: route for route in plan_routes(self._config, streams, writable)}
        for stream in streams:
            if stream.destination_sync_mode in OVERWRITE_MODES or stream.is_refreshed:
                logger.warning(
                    "Stream %s is overwritten or refreshed. The service cannot delete: the rows of earlier syncs stay, "
                    "and rows are created and updated.",
                    describe(stream.id),
                )
        return routes

    def _with_configured_namespace(self, message: InputMessage) -> InputMessage:
        """Add the namespace that a message lacks, if only one configured stream has its name.

        PyAirbyte keeps the namespace in the catalog, and drops it from rows that it reads from a cache.
        """
        stream = message.stream
        if stream is None or stream in self._routes or stream[0] is not None:
            return message
        candidates = [known for known in self._routes if known[1] == stream[1]]
        return replace(message, stream=candidates[0]) if len(candidates) == 1 else message

    def _compares(self, route: Route) -> bool:
        return self._config.skip_unchanged and isinstance(route.target, ImportSchemaTarget)

    def _prepare(self, message: RowMessage) -> Outcome | SendTask:
        """Return the outcome of a row, or the task that sends it. Raises InvalidOption for an unknown stream."""
        route = self._route_of(message.stream)
        if is_deletion(message.data):
            # An import of the row would create the student again, or clear fields.
            self._warnings.count(f"Stream {describe(message.stream)}", _LEFT_OUT)
            return UNCHANGED
        try:
            mapped = self._mappers[message.stream].map(message.data)
        except UnfitRow as reason:
            return unfit(str(reason))
        if self._config.validate_only:
            return ACCEPTED
        roster = self._rosters.get(message.stream)
        if roster is not None and roster.is_unchanged(mapped.fields):
            return UNCHANGED
        self._forget_in_rosters(route, mapped.fields)
        # Streams that write to the same form share its keys, because they may contain the same students.
        key = (route.target.published_action_id, *mapped.key)
        has_identity = bool(mapped.key) and isinstance(route.target, ImportSchemaTarget)
        return SendTask(key, lambda: self._send(route, message.data, mapped.fields), has_identity)

    def _forget_in_rosters(self, route: Route, fields: Fields) -> None:
        """Do not compare later rows of the row's student, in any stream that writes to the same form."""
        form_id = route.target.published_action_id
        for stream, roster in self._rosters.items():
            if self._routes[stream].target.published_action_id == form_id:
                roster.forget(fields.get(route.identity_field or "", ""))

    def _send(self, route: Route, row: Row, fields: Fields) -> Outcome:
        self._repeats.happened = False
        with self.sent.sending():
            outcome = send_row(self._client, route, row, fields)
        return replace(outcome, was_repeated=self._repeats.happened)

    def _route_of(self, stream: StreamId) -> Route:
        # Ignoring rows of an unknown stream would lose them: the next states would confirm that they were written.
        if stream not in self._routes:
            raise InvalidOption(
                f"The input has a row of the stream {describe(stream)}, which is not in the configured catalog "
                f"({', '.join(map(describe, self._routes)) or 'none'}). It was not written, and no state after it was "
                "confirmed. Add the stream to the catalog, or deselect it in the source."
            )
        return self._routes[stream]

    def _sleep_before_repeat(self, seconds: float) -> None:
        self._repeats.happened = True
        self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped


def _read_roster(client: Client, route: Route, date_fields: frozenset[str]) -> RosterDigests:
    """Read the form's roster, and return the digests over the fields that `route` writes."""
    key_field = route.identity_field or ""
    fields = {field for field in map(route.finder.field_of, route.stream.columns) if field is not None}
    records = read_roster_records(client, route.target.published_action_id)
    roster = RosterDigests(key_field, fields, records, date_fields)
    name = describe(route.stream.id)
    logger.info(
        "Stream %s: %d of the roster's %d records can be compared with rows.", name, roster.comparable, roster.size
    )
    if roster.limit:
        logger.warning("Stream %s: skip_unchanged will skip %s.", name, roster.limit)
    return roster
