"""The source: the manifest's streams, the streams built in Python, and a check."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    Status,
    SyncMode,
)
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from typing_extensions import override

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_airbyte.cli_files import read_object
from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    EnrollmentError,
    InvalidOption,
    Timeouts,
    open_list,
    verify_connection,
)
from powerschool_enrollment_api.document_storage import DocumentStorage
from source_powerschool_enrollment.catalog_problems import catalog_problems
from source_powerschool_enrollment.circuit_breaker import with_circuit_breaker
from source_powerschool_enrollment.context import sync_for
from source_powerschool_enrollment.deliveries.options import DeliveryOption
from source_powerschool_enrollment.deliveries.stream import NAME as DELIVERED_RECORDS
from source_powerschool_enrollment.deliveries.stream import delivered_records
from source_powerschool_enrollment.documents.download import verify_staging_folder
from source_powerschool_enrollment.documents.options import document_fields
from source_powerschool_enrollment.documents.stream import NAME as DOCUMENTS
from source_powerschool_enrollment.documents.stream import documents
from source_powerschool_enrollment.input_files import read_configured_catalog, read_states
from source_powerschool_enrollment.options import PublishedActionSelection, check_options, page_size_of
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.stream import RECORD_STREAMS, Outlet, parallel_record_stream

# An absolute path: a relative one would be looked for in the working directory first.
MANIFEST = Path(__file__).parent / "manifest.yaml"
_DETAIL_STREAMS = frozenset({"roster_record_details", "submission_record_details"})


class SourcePowerschoolEnrollment(YamlDeclarativeSource):
    """Reads a district's enrollment data."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        super().__init__(path_to_yaml=str(MANIFEST), catalog=catalog, config=config, state=state)
        self._state = state
        self._incremental: frozenset[str] = frozenset()
        self._with_files: frozenset[str] = frozenset()
        self._backlog = Backlog()

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

    @override
    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Adopt the configuration if the constructor was given none, as Airbyte's own suite does.

        The CDK's way writes it to a file, key and all, which nothing reads and a killed sync leaves behind.
        """
        self._config = self._config or config
        return self._config

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Check the options, the address, the key and the configured ids, in at most five requests."""
        try:
            check_options(config, self.spec(logger).connectionSpecification)
            document_fields(config)
            deliveries = DeliveryOption.from_config(config)
            client = Client(ConnectionSettings.from_config(config), patience=Timeouts.for_a_check())
            verify_connection(client)
            PublishedActionSelection.from_config(config).choose(open_list(client.get("/publishedactions")))
            if deliveries:
                deliveries.verify(client)
        except EnrollmentError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def streams(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """Return the manifest's streams, some of them wrapped, and the streams that are built in Python."""
        declared = super().streams(config)
        return [
            *map(self._read_as, declared),
            *self._delivered_records(config),
            *self._documents(config, declared),
        ]

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Read the catalog's streams, and log all counted warnings at the end.

        Raises AirbyteTracedException before any request if the catalog cannot be read as it is.
        """
        self._state = state
        self._incremental = frozenset(
            configured.stream.name for configured in catalog.streams if configured.sync_mode is SyncMode.incremental
        )
        self._with_files = frozenset(
            configured.stream.name for configured in catalog.streams if configured.include_files
        )
        self._backlog = Backlog.of_pages(page_size_of(config))
        self._refuse_problems_of(catalog)
        sync = sync_for(config)
        if state:
            sync.client.presume_reachable()
        try:
            yield from self._backlog.written(super().read(logger, config, catalog, state), RECORD_STREAMS)
        finally:
            self._backlog.close()
            sync.tally.report(logger)

    def _refuse_problems_of(self, catalog: ConfiguredAirbyteCatalog) -> None:
        """Raise for streams that the CDK would leave out with a warning, or read in a mode that they do not offer."""
        problems = list(catalog_problems(catalog, self.discover(self.logger, self._config)))
        if problems:
            raise as_traced_exception(InvalidOption(" ".join(problems)))

    def _read_as(self, declared: AbstractStream) -> AbstractStream:
        """Return the declared stream, read in the way that it needs."""
        if declared.name in RECORD_STREAMS:
            return self._parallel(declared)
        if declared.name in _DETAIL_STREAMS:
            return with_circuit_breaker(declared)
        return declared

    def _parallel(self, declared: AbstractStream) -> AbstractStream:
        return parallel_record_stream(
            declared,
            self._config,
            self.resolved_manifest["definitions"]["record_types"],
            Outlet(
                self._message_repository,
                ConnectorStateManager(self._state) if declared.name in self._incremental else None,
                self._backlog,
            ),
        )

    def _delivered_records(self, config: Mapping[str, Any]) -> list[AbstractStream]:
        """Return the stream `delivered_records`, where deliveries are consumed."""
        try:
            option = DeliveryOption.from_config(config)
            if option is None:
                return []
            state = ConnectorStateManager(self._state).get_stream_state(DELIVERED_RECORDS, None)
            return [delivered_records(sync_for(config), option, state, self._message_repository)]
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    def _documents(self, config: Mapping[str, Any], declared: list[AbstractStream]) -> list[AbstractStream]:
        """Return the stream `documents`, where there are fields to look for."""
        try:
            fields = document_fields(config)
            if not fields:
                return []
            (submission_records,) = (stream for stream in declared if stream.name == "submission_records")
            storage = self._storage(config) if DOCUMENTS in self._with_files else None
            return [documents(config, submission_records, fields, self._message_repository, storage)]
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    def _storage(self, config: Mapping[str, Any]) -> DocumentStorage:
        verify_staging_folder()
        storage = DocumentStorage(sync_for(config).client.settings)
        if ConnectorStateManager(self._state).get_stream_state(DOCUMENTS, None):
            storage.presume_reachable()
        return storage
