"""One sync from its options to its last state: preflight, then each row mapped, compared, sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from destination_powerschool_enrollment.catalog import ConfiguredStream, StreamId, describe
from destination_powerschool_enrollment.config import Config, FailOnRejectedRow, ImportSchemaTarget
from destination_powerschool_enrollment.mapping import Route, RowMapper, UnfitRow
from destination_powerschool_enrollment.ordered_queue import Stopped
from destination_powerschool_enrollment.outcome import ACCEPTED, UNCHANGED, Outcome, unfit
from destination_powerschool_enrollment.preflight import identity_field, import_for, plan_routes
from destination_powerschool_enrollment.protocol import InputMessage, RowMessage
from destination_powerschool_enrollment.rejected_rows import RejectedRowsFile
from destination_powerschool_enrollment.roster_comparison import RosterDigests
from destination_powerschool_enrollment.row_report import RowReport
from destination_powerschool_enrollment.send_row import deliver
from destination_powerschool_enrollment.state_tracker import StateTracker
from destination_powerschool_enrollment.writable_targets import read_writable_targets
from destination_powerschool_enrollment.writer import Bookkeeping, SendTask, Writer
from powerschool_enrollment_api import Client, InvalidOption
from powerschool_enrollment_api.record_pages import read_roster_records

logger = logging.getLogger("airbyte.destination_powerschool_enrollment")


class WriteSync:
    """Writes the rows of one run of `write`."""

    def __init__(self, config: Config, streams: list[ConfiguredStream]) -> None:
        """Ask the service whether all can be written. Raises an EnrollmentError with everything that is wrong."""
        self._config = config
        self._stop = threading.Event()
        self._client = Client(config.connection, sleep=self._sleep)
        self._routes = self._plan(streams)
        self._mappers = {stream: RowMapper(route, config) for stream, route in self._routes.items()}
        self._rosters = {
            stream: _roster(self._client, route) for stream, route in self._routes.items() if self._compares(route)
        }

    def write(self, messages: Iterable[InputMessage]) -> Iterator[dict[str, Any]]:
        """Yield the confirmation of each state. Raises an EnrollmentError when the sync failed."""
        keeper = RejectedRowsFile(self._config.rejected_rows_file) if self._config.rejected_rows_file else None
        tally = RowReport(self._config.on_rejected_row, only_validates=self._config.validate_only)
        ledger = StateTracker(
            holds_back_after_rejection=isinstance(self._config.on_rejected_row, FailOnRejectedRow),
            # A state confirms that its rows were written: none is emitted if none was written.
            holds_back_all=self._config.validate_only,
        )
        books = Bookkeeping(ledger, tally, keeper)
        writer = Writer(self._prepare, books, num_workers=self._config.num_workers, stop=self._stop)
        try:
            yield from writer.write(map(self._with_its_namespace, messages))
        finally:
            if keeper is not None:
                keeper.close()
            for line in tally.summary():
                logger.info(line)
        if failure := tally.final_failure():
            raise failure

    def _plan(self, streams: list[ConfiguredStream]) -> dict[StreamId, Route]:
        entries = [*self._config.imports, *(import_for(self._config, stream) for stream in streams)]
        writable = read_writable_targets(self._client, [entry.target for entry in entries if entry is not None])
        routes = {route.stream.id: route for route in plan_routes(self._config, streams, writable)}
        for stream in streams:
            if stream.overwrites:
                logger.warning(
                    "Stream %s is configured to overwrite. The service cannot delete: rows are created and updated.",
                    describe(stream.id),
                )
        return routes

    def _with_its_namespace(self, message: InputMessage) -> InputMessage:
        """Give a message without a namespace that of the only configured stream of its name.

        PyAirbyte drops it of rows that come from a cache, and keeps it in the catalog.
        """
        stream = message.stream
        if stream is None or stream in self._routes or stream[0] is not None:
            return message
        meant = [known for known in self._routes if known[1] == stream[1]]
        return replace(message, stream=meant[0]) if len(meant) == 1 else message

    def _compares(self, route: Route) -> bool:
        return self._config.skip_unchanged and isinstance(route.target, ImportSchemaTarget)

    def _prepare(self, message: RowMessage) -> Outcome | SendTask:
        """Decide what happens to a row, in the order of the input. Raises InvalidOption if its stream is a stranger."""
        route = self._route_of(message.stream)
        try:
            mapped = self._mappers[message.stream].map(message.data)
        except UnfitRow as reason:
            return unfit(str(reason))
        if self._config.validate_only:
            return ACCEPTED
        roster = self._rosters.get(message.stream)
        if roster is not None and roster.is_unchanged(mapped.fields):
            return UNCHANGED
        # Streams that write to one form share its lanes: they may hold the same students.
        lane: Hashable = (route.target.published_action_id, *mapped.key)
        return SendTask(lane, lambda: deliver(self._client, route, message.data, mapped.fields))

    def _route_of(self, stream: StreamId) -> Route:
        # If its rows were ignored, they would be lost: later states would confirm to the source that they were written.
        if stream not in self._routes:
            raise InvalidOption(
                f"A row of the stream {describe(stream)} came, which is not in the configured catalog "
                f"({', '.join(map(describe, self._routes)) or 'none'}). It was not written, and no state after it was "
                "confirmed. Add the stream to the catalog, or let the source not send it."
            )
        return self._routes[stream]

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped


def _roster(client: Client, route: Route) -> RosterDigests:
    """Read what the form's roster holds of the fields that `route` writes."""
    key_field = identity_field(route) or ""
    fields = {field for field in map(route.finder.field_of, route.stream.columns) if field is not None}
    records = read_roster_records(client, route.target.published_action_id)
    roster = RosterDigests(key_field, fields, records)
    name = describe(route.stream.id)
    logger.info(
        "Stream %s: %d of the roster's %d records can be compared with rows.", name, roster.comparable, roster.size
    )
    if roster.size and not roster.comparable:
        logger.warning("Stream %s: skip_unchanged will skip no row: %s.", name, roster.why_none)
    return roster
