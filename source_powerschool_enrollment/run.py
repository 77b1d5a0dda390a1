"""The console script `source-powerschool-enrollment`: `spec`, `check`, `discover` and `read`."""

from __future__ import annotations

import sys

from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import init_logger

from source_powerschool_enrollment.source import SourcePowerschoolEnrollment


def run() -> None:
    """Run the command given on the command line."""
    init_uncaught_exception_handler(init_logger("airbyte"))
    arguments = sys.argv[1:]
    catalog_path = AirbyteEntrypoint.extract_catalog(arguments)
    config_path = AirbyteEntrypoint.extract_config(arguments)
    state_path = AirbyteEntrypoint.extract_state(arguments)
    source = SourcePowerschoolEnrollment(
        catalog=SourcePowerschoolEnrollment.read_catalog(catalog_path) if catalog_path else None,
        config=SourcePowerschoolEnrollment.read_config(config_path) if config_path else None,
        state=SourcePowerschoolEnrollment.read_state(state_path) if state_path else None,
    )
    launch(source, arguments)
