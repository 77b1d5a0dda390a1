"""The console script `source-powerschool-enrollment`: `spec`, `check`, `discover` and `read`."""

from __future__ import annotations

import argparse
import sys

from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import PRINT_BUFFER, init_logger

from source_powerschool_enrollment.entrypoint import EnrollmentEntrypoint
from source_powerschool_enrollment.source import SourcePowerschoolEnrollment


def run() -> None:
    """Run the command given on the command line."""
    init_uncaught_exception_handler(init_logger("airbyte"))
    arguments = EnrollmentEntrypoint.parse_args(sys.argv[1:])
    entrypoint = EnrollmentEntrypoint(_source(arguments))
    with PRINT_BUFFER:
        for message in entrypoint.run(arguments):
            # One write a line: two could interleave with a log line of another thread.
            print(f"{message}\n", end="")  # noqa: T201


def _source(arguments: argparse.Namespace) -> SourcePowerschoolEnrollment:
    read = SourcePowerschoolEnrollment
    return read(
        catalog=read.read_catalog(arguments.catalog) if getattr(arguments, "catalog", None) else None,
        config=read.read_config(arguments.config) if getattr(arguments, "config", None) else None,
        state=read.read_state(arguments.state) if getattr(arguments, "state", None) else None,
    )
