"""The source: the manifest's streams, and a check that says what is wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    Status,
)
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    EnrollmentError,
    Patience,
    open_list,
    verify_connection,
)
from source_powerschool_enrollment.options import PublishedActionSelection, check_options
from source_powerschool_enrollment.sync import sync_for

# An absolute path: a relative one would be looked for in the working directory first.
MANIFEST = Path(__file__).parent / "manifest.yaml"


class SourcePowerschoolEnrollment(YamlDeclarativeSource):
    """Reads a district's enrollment data."""

    def __init__(
        self,
        catalog: ConfiguredAirbyteCatalog | None = None,
        config: Mapping[str, Any] | None = None,
        state: list[AirbyteStateMessage] | None = None,
    ) -> None:
        super().__init__(path_to_yaml=str(MANIFEST), catalog=catalog, config=config, state=state)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Tell whether the options, the address, the key and the configured ids are right, in at most five requests."""
        try:
            check_options(config, self._option_names(logger))
            client = Client(ConnectionSettings.from_config(config), patience=Patience.for_a_check())
            verify_connection(client)
            PublishedActionSelection.from_config(config).choose(open_list(client.get("/publishedactions")))
        except EnrollmentError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=str(error))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Read the catalog's streams, and say at the end what was tolerated on the way."""
        try:
            yield from super().read(logger, config, catalog, state)
        finally:
            sync_for(config).tally.report(logger)

    def _option_names(self, logger: logging.Logger) -> list[str]:
        return list(self.spec(logger).connectionSpecification["properties"])
