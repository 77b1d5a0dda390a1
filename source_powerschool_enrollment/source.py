"""The source: the manifest's streams, the streams built in Python, and the check."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    Status,
    SyncMode,
)
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_airbyte.cli_files import read_object
from powerschool_enrollment_airbyte.option_errors import without_empty
from powerschool_enrollment_airbyte.output import without_surrogates
from powerschool_enrollment_api import (
    BrokenAnswer,
    Client,
    EnrollmentError,
    InvalidOption,
    NotFound,
    RequestRefused,
    Timeouts,
    UnexpectedAnswer,
    located,
    open_list,
    verify_connection,
)
from powerschool_enrollment_api.document_storage import DocumentStorage
from source_powerschool_enrollment.catalog import catalog_problems, read_configured_catalog, read_states
from source_powerschool_enrollment.cdk_seams import DeclarativeSource
from source_powerschool_enrollment.circuit_breaker import with_circuit_breaker
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.context import SyncContext, sync_for
from source_powerschool_enrollment.deliveries.batch_cursor import NAME as BATCHES
from source_powerschool_enrollment.deliveries.batch_cursor import with_batch_cursor, with_readable_batches_state
from source_powerschool_enrollment.deliveries.stream import NAME as DELIVERED_RECORDS
from source_powerschool_enrollment.deliveries.stream import delivered_records
from source_powerschool_enrollment.documents.download import verify_staging_folder
from source_powerschool_enrollment.documents.stream import NAME as DOCUMENTS
from source_powerschool_enrollment.documents.stream import documents
from source_powerschool_enrollment.record_types import RecordTypes
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.stream import RECORD_STREAMS, Outlet, record_stream

# An absolute path: a relative one would be looked for in the working directory first.
MANIFEST = Path(__file__).parent / "manifest.yaml"
# The service answers, but not as expected. With a wrong key or address, or in an outage, a survey would fail, too.
_UNEXPECTED = (BrokenAnswer, NotFound, RequestRefused, UnexpectedAnswer)
_SURVEY = "Run powerschool-enrollment-survey: it shows which streams fit this service."
_DETAIL_STREAMS = frozenset({"roster_record_details", "submission_record_details"})


@dataclass(frozen=True)
class _ReadRequest:
    """The parameters of a read. The defaults are for commands that build the streams without reading them."""

    state: list[AirbyteStateMessage] | None = None
    incremental: frozenset[str] = frozenset()
    with_files: frozenset[str] = frozenset()
    backlog: Backlog = field(default_factory=Backlog)

    @classmethod
    def of(
        cls, catalog: ConfiguredAirbyteCatalog, state: list[AirbyteStateMessage] | None, page_size: int
    ) -> _ReadRequest:
        streams = catalog.streams
        return cls(
            state=state,
            incremental=frozenset(each.stream.name for each in streams if each.sync_mode is SyncMode.incremental),
            with_files=frozenset(each.stream.name for each in streams if each.include_files),
            backlog=Backlog.of_pages(page_size),
        )

    def state_of(self, stream_name: str) -> MutableMapping[str, Any]:
        return ConnectorStateManager(self.state).get_stream_state(stream_name, None)


class SourcePowerschoolEnrollment(DeclarativeSource):
    """Reads a district's enrollment data."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        options = without_empty(config) if config else config
        used = with_readable_batches_state(_states_to_continue(catalog, state))
        super().__init__(path_to_yaml=str(MANIFEST), catalog=catalog, config=options, state=used)
        self._request = _ReadRequest(state)

    @staticmethod
    def read_config(config_path: str) -> MutableMapping[str, Any]:
        """Return the options in a file."""
        return read_object(config_path, "--config")

    @classmethod
    def read_catalog(cls, catalog_path: str) -> ConfiguredAirbyteCatalog:
        """Return the configured catalog in a file."""
        return read_configured_catalog(catalog_path)

    @classmethod
    def read_state(cls, state_path: str) -> list[AirbyteStateMessage]:
        """Return the states in a file, if there is one."""
        return read_states(state_path) if state_path else []

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Check the options, the address, the key and the configured ids, in at most three requests."""
        try:
            checked = SourceConfig.validated(config, self.spec(logger).connectionSpecification)
            _verify(checked, Client(checked.connection, timeouts=Timeouts.for_a_check()))
        except EnrollmentError as error:
            message = f"{error} {_SURVEY}" if isinstance(error, _UNEXPECTED) else str(error)
            return AirbyteConnectionStatus(status=Status.FAILED, message=without_surrogates(message))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """Return the manifest's streams and the streams built in Python.

        Raises AirbyteTracedException for invalid options.
        """
        sync = sync_for(config)
        return [*map(_completed, super().streams(config)), *self._streams_built_in_python(sync)]

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Read the catalog's streams, and log all counted warnings at the end.

        Raises AirbyteTracedException before any request if a stream of the catalog cannot be read in its mode.
        """
        sync = sync_for(config)
        self._request = _ReadRequest.of(catalog, state, sync.config.page_size)
        streams = self._streams_of(catalog)
        if state:
            sync.client.presume_reachable()
        backlog = self._request.backlog
        try:
            yield from backlog.written(self.read_streams(streams, catalog), RECORD_STREAMS)
        finally:
            backlog.close()
            sync.warnings.report(logger)

    def _streams_of(self, catalog: ConfiguredAirbyteCatalog) -> list[AbstractStream]:
        """Return the catalog's streams, and perhaps others.

        Raises AirbyteTracedException for streams that the CDK would leave out with a warning, or read in a mode that
        they do not offer.
        """
        names = {entry.stream.name for entry in catalog.streams}
        streams = self.streams_among(names)
        is_complete = names <= {stream.name for stream in streams}
        offered = streams if is_complete else self.streams(self.options)  # for the suggestion of a similar name
        if problems := [*catalog_problems(catalog, AirbyteCatalog([each.as_airbyte_stream() for each in offered]))]:
            raise as_traced_exception(InvalidOption(" ".join(problems)))
        return streams

    def _streams_built_in_python(self, sync: SyncContext) -> Iterator[AbstractStream]:
        try:
            for name in sorted(RECORD_STREAMS):
                yield self._record_stream(name, sync)
            if option := sync.config.deliveries:
                state = self._request.state_of(DELIVERED_RECORDS)
                yield delivered_records(sync, option, state, self.messages)
            if sync.config.documents:
                yield documents(sync, self.messages, self._storage(sync))
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    def _record_stream(self, name: str, sync: SyncContext) -> AbstractStream:
        states = ConnectorStateManager(self._request.state) if name in self._request.incremental else None
        return record_stream(name, sync, Outlet(self.messages, states, self._request.backlog))

    def _storage(self, sync: SyncContext) -> DocumentStorage | None:
        """Return the storage from which documents are downloaded; None without file transfer."""
        if DOCUMENTS not in self._request.with_files:
            return None
        verify_staging_folder()
        storage = DocumentStorage(sync.config.connection)
        if self._request.state_of(DOCUMENTS):
            storage.presume_reachable()
        return storage


def _states_to_continue(
    catalog: ConfiguredAirbyteCatalog | None, state: list[AirbyteStateMessage] | None
) -> list[AirbyteStateMessage]:
    """Return the states without those of streams that are read in full: the CDK would continue from them."""
    entries = catalog.streams if catalog else ()
    full = {entry.stream.name for entry in entries if entry.sync_mode is SyncMode.full_refresh}
    return [each for each in state or () if not (each.stream and each.stream.stream_descriptor.name in full)]


def _completed(declared: AbstractStream) -> AbstractStream:
    """Add to a declared stream what the manifest cannot express."""
    if declared.name in _DETAIL_STREAMS:
        return with_circuit_breaker(declared)
    return with_batch_cursor(declared) if declared.name == BATCHES else declared


def _verify(config: SourceConfig, client: Client) -> None:
    """Raise EnrollmentError if the address, the key or a configured id is wrong."""
    verify_connection(client)
    config.published_actions.choose(_listed(client, "/publishedactions", "published_actions"))
    if config.deliveries:
        config.deliveries.require_known_targets(_listed(client, "/deliverytargets", "delivery_targets"))


def _listed(client: Client, path: str, stream_name: str) -> list[dict[str, Any]]:
    with located(f"GET {path}"):
        return RecordTypes.of_stream(stream_name).with_ids(open_list(client.get(path)))
