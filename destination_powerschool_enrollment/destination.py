"""The destination's commands in Airbyte's protocol: `spec`, `check`, `discover` and `write`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    ConnectorSpecification,
    DestinationSyncMode,
    FailureType,
    Status,
    Type,
)
from airbyte_cdk.utils.airbyte_secrets_utils import get_secrets, update_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from typing_extensions import override

from destination_powerschool_enrollment.catalog import ConfiguredStream, parse_catalog
from destination_powerschool_enrollment.config import Config, options_schema, parse_config
from destination_powerschool_enrollment.destination_objects import destination_catalog
from destination_powerschool_enrollment.preflight import problems_of_imports
from destination_powerschool_enrollment.protocol import read_lines, read_messages
from destination_powerschool_enrollment.rejected_rows import problems_of_path
from destination_powerschool_enrollment.row_report import RowsRejected
from destination_powerschool_enrollment.sync import WriteSync
from destination_powerschool_enrollment.writable_targets import read_all_writable_targets, read_writable_targets
from powerschool_enrollment_airbyte.airbyte_errors import as_single_message, as_traced_exception
from powerschool_enrollment_airbyte.cli_files import name_of, read_object
from powerschool_enrollment_airbyte.exact_json import dumps_exactly
from powerschool_enrollment_airbyte.output import use_utf8_output, without_surrogates
from powerschool_enrollment_api import Client, EnrollmentError, InvalidOption, Timeouts, verify_connection

logger = logging.getLogger("airbyte")

Message = AirbyteMessage | dict[str, Any]


class DestinationPowerschoolEnrollment(Destination):
    """Writes rosters and submissions to PowerSchool Enrollment.

    It does not use the CDK's own loop from the command to the output. That loop drops the fields that the platform adds
    to a state, prints states late, logs malformed input lines, and has no `discover`.
    """

    @override
    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        """Return the schema of the options and the supported sync modes."""
        return ConnectorSpecification(
            connectionSpecification=options_schema(),
            supportsIncremental=True,
            supported_destination_sync_modes=[DestinationSyncMode.append_dedup, DestinationSyncMode.append],
        )

    @override
    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Return whether the service accepts the key and whether everything that the options refer to exists."""
        try:
            _verify(parse_config(config))
        except EnrollmentError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=without_surrogates(str(error)))
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        """Write the messages and yield the confirmed states, for callers in Python.

        The CDK's message classes drop the `id` of a state. The command line does not use them, and keeps it.
        """
        streams = parse_catalog(ConfiguredAirbyteCatalogSerializer.dump(configured_catalog))
        lines = (orjson.dumps(AirbyteMessageSerializer.dump(message)) for message in input_messages)
        for message in self._write(parse_config(config), streams, lines):
            yield AirbyteMessageSerializer.load(message)

    def parse_args(self, args: list[str]) -> argparse.Namespace:
        """Return the parsed arguments of the command line."""
        parser = argparse.ArgumentParser(prog="destination-powerschool-enrollment")
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("spec", help="print all options of the configuration")
        for name, help_text in (
            ("check", "test the connection and the configuration"),
            ("discover", "print the import schemas and forms that rows can be written to"),
            ("write", "send the rows from standard input to PowerSchool Enrollment"),
        ):
            command = commands.add_parser(name, help=help_text)
            command.add_argument("--config", required=True, help="path of the configuration, a JSON file")
            if name == "write":
                command.add_argument("--catalog", required=True, help="path of the configured catalog, a JSON file")
        return parser.parse_args(args)

    def run_cmd(self, parsed_args: argparse.Namespace) -> Iterable[Any]:
        """Yield the messages of one command."""
        if parsed_args.command == "spec":
            yield AirbyteMessage(type=Type.SPEC, spec=self.spec(logger))
            return
        config = read_object(parsed_args.config, "--config")
        update_secrets(get_secrets(options_schema(), config))
        if parsed_args.command == "check":
            yield AirbyteMessage(type=Type.CONNECTION_STATUS, connectionStatus=self.check(logger, config))
        elif parsed_args.command == "discover":
            yield destination_catalog(read_all_writable_targets(Client(parse_config(config).connection)))
        else:
            catalog = read_object(parsed_args.catalog, "--catalog")
            streams = parse_catalog(catalog, name_of(parsed_args.catalog, "--catalog"))
            yield from self._write(parse_config(config), streams, read_lines(_input()))

    def run(self, args: list[str]) -> None:
        """Run one command and print each message immediately: a state in a buffer does not reach the platform."""
        init_uncaught_exception_handler(logger)
        logging.raiseExceptions = False  # if logs cannot be written, messages cannot either, and `_print` reports that
        parsed_args = self.parse_args(args)
        try:
            for message in self.run_cmd(parsed_args):
                _print(message)
        except EnrollmentError as error:
            _print(_trace(error))
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(
                "Interrupted. Rows after the last state may have been written, too: the next sync sends them again."
            )
        except Exception as error:  # noqa: BLE001  # its text may contain a row
            raise _unexpected_failure(error) from None

    def _write(
        self, config: Config, streams: list[ConfiguredStream], lines: Iterable[bytes]
    ) -> Iterator[dict[str, Any]]:
        logger.info("Checking the streams, their fields and the key before the first row.")
        sync = WriteSync(config, streams)
        logger.info("Writing%s.", " nothing, only validating" if config.validate_only else "")
        yield from sync.write(read_messages(lines))
        logger.info("%s complete.", "Validation" if config.validate_only else "Writing")


def run() -> None:
    """Run the console script `destination-powerschool-enrollment`."""
    use_utf8_output()
    DestinationPowerschoolEnrollment().run(sys.argv[1:])


def _verify(config: Config) -> None:
    """Raise an EnrollmentError that contains every problem of the configuration."""
    client = Client(config.connection, timeouts=Timeouts.for_a_check())
    verify_connection(client)
    writable = read_writable_targets(client, [entry.target for entry in config.imports])
    problems = list(problems_of_imports(config, writable))
    problems += problems_of_path(config.rejected_rows_file)
    if problems:
        raise InvalidOption("\n".join(problems))


def _input() -> BinaryIO:
    if sys.stdin is None:
        raise InvalidOption("Standard input is missing: the rows are read from it.")
    return sys.stdin.buffer


def _print(message: Message) -> None:
    """Print a message immediately. Exit if that fails, because no state could be confirmed any more."""
    try:
        sys.stdout.write(_line(message))
        sys.stdout.flush()
    except OSError as fault:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes standard output again on exit
        is_closed = isinstance(fault, BrokenPipeError)
        sys.exit(1 if is_closed else f"The output cannot be written: {fault.strerror}.")


def _line(message: Message) -> str:
    if isinstance(message, AirbyteMessage):
        return orjson.dumps(AirbyteMessageSerializer.dump(message)).decode() + "\n"
    return dumps_exactly(message) + "\n"


def _trace(error: EnrollmentError) -> AirbyteMessage:
    """Return the trace message of an expected failure. Raising it instead would make the CDK add a stack trace."""
    failure_type = FailureType.config_error if isinstance(error, RowsRejected) else None
    return as_single_message(as_traced_exception(error, failure_type).as_sanitized_airbyte_message())


def _unexpected_failure(error: Exception) -> AirbyteTracedException:
    """Return the type and the stack trace of an unexpected exception, without its text."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return AirbyteTracedException(
        message=f"The connector failed unexpectedly ({type(error).__name__}). Please report this with the log.",
        internal_message=f"{type(error).__name__}\n{frames}",
        failure_type=FailureType.system_error,
    )
