"""The console script `source-powerschool-enrollment`: `spec`, `check`, `discover` and `read`."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import PRINT_BUFFER, init_logger
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception, in_one_sentence, says_all
from powerschool_enrollment_api import EnrollmentError
from source_powerschool_enrollment.entrypoint import EnrollmentEntrypoint
from source_powerschool_enrollment.heap import settle_heap
from source_powerschool_enrollment.source import SourcePowerschoolEnrollment


def run() -> None:
    """Run the command given on the command line."""
    init_uncaught_exception_handler(init_logger("airbyte"))
    logging.raiseExceptions = False  # if a log line cannot be written, a message cannot either: that is reported
    arguments = EnrollmentEntrypoint.parse_args(sys.argv[1:])
    settle_heap()
    try:
        _print_messages(arguments)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told below
        _end_at_once(error)


def _print_messages(arguments: argparse.Namespace) -> None:
    entrypoint = EnrollmentEntrypoint(_source(arguments))
    with PRINT_BUFFER:
        for message in entrypoint.run(arguments):
            # One write a line: two could interleave with a log line of another thread.
            sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def _end_at_once(error: BaseException) -> None:
    """End the process without waiting for its threads, some of which may wait for this one to write what they read."""
    try:
        _tell(as_traced_exception(error) if isinstance(error, EnrollmentError) else error)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # the reader of the output is gone
    except OSError as fault:
        # The CDK's buffer still stands in for standard error.
        print(f"The output cannot be written: {fault.strerror}.", file=sys.__stderr__, flush=True)
    finally:
        os._exit(1)


def _tell(error: BaseException) -> None:
    if isinstance(error, AirbyteTracedException) and says_all(error):
        trace = in_one_sentence(error.as_sanitized_airbyte_message())
        sys.stdout.write(f"{EnrollmentEntrypoint.airbyte_message_to_string(trace)}\n")
    elif isinstance(error, KeyboardInterrupt):
        print("Interrupted. The next sync continues from the last state.", file=sys.__stderr__)
    elif not isinstance(error, BrokenPipeError):
        sys.excepthook(type(error), error, error.__traceback__)


def _source(arguments: argparse.Namespace) -> SourcePowerschoolEnrollment:
    read = SourcePowerschoolEnrollment
    return read(
        catalog=read.read_catalog(arguments.catalog) if getattr(arguments, "catalog", None) else None,
        config=read.read_config(arguments.config) if getattr(arguments, "config", None) else None,
        state=read.read_state(arguments.state) if getattr(arguments, "state", None) else None,
    )
