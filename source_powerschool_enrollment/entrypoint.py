"""The CDK's entry point with clear messages for invalid input and for failures."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification
from airbyte_cdk.sources import Source
from airbyte_cdk.sources.utils.schema_helpers import split_config

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.failure_messages import each_reason_once, without_traceback


class EnrollmentEntrypoint(AirbyteEntrypoint):
    """Runs the source's commands."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.logger.addFilter(without_traceback)

    @staticmethod
    def parse_args(args: list[str]) -> argparse.Namespace:
        """Return the arguments; without a command, end with the usage: the CDK's raises an exception later."""
        parsed = AirbyteEntrypoint.parse_args(args)
        return parsed if parsed.command else AirbyteEntrypoint.parse_args([""])

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise a config_error that names each wrong option: the CDK's repeats the value and names none."""
        options, _ = split_config(config)
        try:
            SourceConfig.validated(options, source_spec.connectionSpecification)
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:
        """Read, and report each failed stream's reason once."""
        return each_reason_once(super().read(*arguments))
