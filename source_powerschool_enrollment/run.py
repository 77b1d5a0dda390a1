"""The console script `source-powerschool-enrollment`: `spec`, `check`, `discover` and `read`.

`run_command` runs a command without changing the process. `run` adds what a separate process needs: the handler of
uncaught exceptions, the buffered output, the memory settings, and an exit that, after a failure, does not wait for
threads.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import init_logger
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification, FailureType
from airbyte_cdk.sources import Source
from airbyte_cdk.sources.utils.schema_helpers import split_config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.airbyte_errors import as_single_message, as_traced_exception, is_self_explanatory
from powerschool_enrollment_airbyte.cli_files import files_read_once
from powerschool_enrollment_airbyte.output import print_on_stderr, use_utf8_output
from powerschool_enrollment_api import EnrollmentError
from source_powerschool_enrollment.cdk_seams import buffered_output, without_temporary_folder
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.source import SourcePowerschoolEnrollment

logger = logging.getLogger("airbyte")

_M_ARENA_MAX = -8  # malloc.h of glibc


def run() -> None:
    """Run the command given on the command line."""
    use_utf8_output()
    init_uncaught_exception_handler(init_logger("airbyte"))
    logging.raiseExceptions = False  # if a log line cannot be written, a message cannot either: that is reported
    arguments = parse_arguments(sys.argv[1:])
    _configure_memory()
    exit_code = 1
    try:
        exit_code = _print_messages(arguments)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - reported
        _print_failure(error)
    finally:
        if exit_code:
            # Do not wait for the other threads: some may wait for this one to write what they read.
            os._exit(exit_code)


def parse_arguments(command_line: list[str]) -> argparse.Namespace:
    """Return the arguments. Without a command, print the usage and exit: the CDK would raise an exception later."""
    parsed = AirbyteEntrypoint.parse_args(command_line)
    return parsed if parsed.command else AirbyteEntrypoint.parse_args([""])


def run_command(arguments: argparse.Namespace, write: Callable[[str], object]) -> int:
    """Write the command's messages, one line per call, and return the exit code.

    The last message of an expected failure is its trace. Raises any other failure.
    """
    try:
        with files_read_once():  # the CDK reads again the files that `_source` has read
            for message in EnrollmentEntrypoint(_source(arguments)).run(arguments):
                # One call per line: between two calls, another thread could write a log line.
                write(f"{message}\n")
    except (EnrollmentError, AirbyteTracedException) as error:
        failure = as_traced_exception(error) if isinstance(error, EnrollmentError) else error
        if not is_self_explanatory(failure):
            raise
        trace = as_single_message(failure.as_sanitized_airbyte_message())
        write(f"{EnrollmentEntrypoint.airbyte_message_to_string(trace)}\n")
        return 1
    return 0


class EnrollmentEntrypoint(AirbyteEntrypoint):
    """The CDK's entry point with clear messages for invalid options and for failures."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.logger.addFilter(drop_expected_traceback)

    def run(self, parsed_args: argparse.Namespace) -> Iterator[str]:
        """Run a command, and yield its messages as lines of JSON."""
        with without_temporary_folder():
            yield from super().run(parsed_args)

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise a config_error that names each wrong option. The CDK's error repeats the value and omits the name."""
        options, _ = split_config(config)
        try:
            SourceConfig.validated(options, source_spec.connectionSpecification)
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:
        """Read, and report each failed stream's reason once."""
        return report_failures_once(super().read(*arguments))


def drop_expected_traceback(record: logging.LogRecord) -> bool:
    """Remove the traceback of an expected failure from a log record. Return True, so that the record is logged.

    A trace message with the reason follows, which names the request. A stack trace would not help the user.
    """
    if record.exc_info and is_self_explanatory(record.exc_info[1]):
        record.exc_info = None
    return True


def report_failures_once(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """Forward the messages, and replace the CDK's last trace, which repeats all reasons, by a list of failed streams.

    The CDK repeats each reason nine times, with two stack traces per stream, and always reports a config_error. Raises
    AirbyteTracedException.
    """
    failed: dict[str, set[FailureType | None]] = {}
    try:
        for message in messages:
            if message.trace and (error := message.trace.error) and error.stream_descriptor:
                failed.setdefault(error.stream_descriptor.name, set()).add(error.failure_type)
            yield as_single_message(message)
    except AirbyteTracedException:
        if not failed:
            raise
        text = f"Not read completely: {', '.join(failed)}. The error of each stream contains the reason."
        raise AirbyteTracedException(text, text, failure_type_of_all(set().union(*failed.values()))) from None


def failure_type_of_all(types: set[FailureType | None]) -> FailureType:
    """Return the sync's failure type, given those of its failed streams.

    It is transient_error if one of them is: a retry helps that stream. It is config_error only if all are: the platform
    stops the schedule for that type.
    """
    if types == {FailureType.config_error}:
        return FailureType.config_error
    return FailureType.transient_error if FailureType.transient_error in types else FailureType.system_error


def _source(arguments: argparse.Namespace) -> SourcePowerschoolEnrollment:
    """Return the source, created from the files that the command line names."""
    config, catalog, state = (getattr(arguments, name, None) for name in ("config", "catalog", "state"))
    source = SourcePowerschoolEnrollment
    states = source.read_state(state) if state else None
    if states == []:
        logger.info("The file %s, given with --state, contains no states: this sync reads everything.", state)
    return source(
        catalog=source.read_catalog(catalog) if catalog else None,
        config=source.read_config(config) if config else None,
        state=states,
    )


def _print_messages(arguments: argparse.Namespace) -> int:
    with buffered_output():
        exit_code = run_command(arguments, sys.stdout.write)
    sys.stdout.flush()
    return exit_code


def _print_failure(error: BaseException) -> None:
    """Report an unexpected failure, an interruption, or output that cannot be written."""
    try:
        if isinstance(error, KeyboardInterrupt):
            print_on_stderr("Interrupted. The next sync continues from the last state.")
        elif not isinstance(error, BrokenPipeError):
            sys.excepthook(type(error), error, error.__traceback__)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # the reader of the output is gone
    except OSError as fault:
        print_on_stderr(f"The output cannot be written: {fault.strerror}.")
    except Exception as fault:  # noqa: BLE001 - its text may contain a record
        print_on_stderr(f"The failure cannot be reported ({type(fault).__name__}). It was {type(error).__name__}.")


def _configure_memory() -> None:
    """Exclude the imports from garbage collection, and use one malloc arena. Call it before any thread is started.

    Imported objects are never freed. Frozen, they are not traversed again, which would take a tenth of a sync's
    processor time. Without the setting, glibc gives each thread a separate arena, which stays as large as the largest
    page that was parsed in it: 100 MB for 16 threads that read pages of 1,000 records. Python runs one thread at a
    time, so one arena is enough. Other C libraries have neither such a setting nor such arenas.
    """
    gc.collect()
    gc.freeze()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
