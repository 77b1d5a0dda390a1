"""Runs commands of the source, in this process or in a new one, and captures their output."""

from __future__ import annotations

import functools
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from airbyte_cdk.logger import AirbyteLogFormatter
from airbyte_cdk.sources.utils import files_directory
from airbyte_cdk.utils.airbyte_secrets_utils import update_secrets

from source_powerschool_enrollment import SourcePowerschoolEnrollment, context
from source_powerschool_enrollment.run import parse_arguments, run_command

SCRIPTS = Path(sys.executable).parent
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """What a run printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in StringIO(self.stdout)]  # splitlines() would also split at U+2028

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message[kind.lower()] for message in self.messages if message["type"] == kind]

    def records(self, stream_name: str) -> list[dict[str, Any]]:
        return [record["data"] for record in self.of_type("RECORD") if record["stream"] == stream_name]

    @property
    def states(self) -> list[dict[str, Any]]:
        return self.of_type("STATE")

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [trace["error"] for trace in self.of_type("TRACE") if trace["type"] == "ERROR"]

    @property
    def warnings(self) -> list[str]:
        return [log["message"] for log in self.of_type("LOG") if log["level"] == "WARN"]

    @property
    def connection_status(self) -> dict[str, Any]:
        (status,) = [message["connectionStatus"] for message in self.messages if message["type"] == "CONNECTION_STATUS"]
        return status

    @property
    def catalog(self) -> dict[str, dict[str, Any]]:
        (catalog,) = self.of_type("CATALOG")
        return {stream["name"]: stream for stream in catalog["streams"]}


def source_arguments(command: str, folder: Path, *, debug: bool = False, **files: Any) -> list[str]:
    """Write each of `files` as a JSON file to the folder; return the command with its options.

    Bytes are written unchanged. A Path is passed on, and not written.
    """
    arguments = [command]
    for name, content in files.items():
        path = content if isinstance(content, Path) else folder / f"{name}.json"
        if path is not content:
            path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        arguments += [f"--{name}", str(path)]
    return [*arguments, *(["--debug"] if debug else [])]


def source_command(command: str, folder: Path, **files: Any) -> list[str]:
    """Return the command line of `source-powerschool-enrollment COMMAND`."""
    return [str(SCRIPTS / "source-powerschool-enrollment"), *source_arguments(command, folder, **files)]


def run_source(command: str, *, environment: Mapping[str, str] | None = None, **files: Any) -> Outcome:
    """Run a command with each of `files` (config, catalog, state) as the console script does, but in this process.

    A new process takes 1.5 s more; only tests of signals, exit or start-up need one.
    """
    with tempfile.TemporaryDirectory() as folder, _like_a_new_process(environment or {}) as (stdout, stderr):
        arguments = parse_arguments(source_arguments(command, Path(folder), **files))
        exit_code = run_command(arguments, stdout.write)
    return Outcome(exit_code, stdout.getvalue(), stderr.getvalue())


def run_source_process(command: str, *, environment: Mapping[str, str] | None = None, **files: Any) -> Outcome:
    """Run `source-powerschool-enrollment COMMAND` with each of `files` (config, catalog, state) as a JSON file."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.run(
            source_command(command, Path(folder), **files),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
            cwd=folder,  # the command must not depend on the working directory
            env={**os.environ, **(environment or {})},
        )
    return Outcome(process.returncode, process.stdout, process.stderr)


@contextmanager
def _like_a_new_process(environment: Mapping[str, str]) -> Iterator[tuple[StringIO, StringIO]]:
    """Let a command start with the state of a new process; yield its stdout and stderr, and restore this process."""
    excepthook = sys.excepthook
    staging = environment.get("AIRBYTE_STAGING_DIRECTORY", files_directory.AIRBYTE_STAGING_DIRECTORY)
    with (
        patch.dict(os.environ, environment),
        patch.object(files_directory, "AIRBYTE_STAGING_DIRECTORY", staging),  # the CDK reads the variable at import
        redirect_stdout(StringIO()) as stdout,
        redirect_stderr(StringIO()) as stderr,
        _log_lines_to(stdout),
    ):
        _forget_the_last_command()
        try:
            yield stdout, stderr
        finally:
            sys.excepthook = excepthook
            _forget_the_last_command()


def _forget_the_last_command() -> None:
    context._sync_for.cache_clear()  # the cache keeps the client and the counted warnings
    update_secrets([])


@contextmanager
def _log_lines_to(stdout: StringIO) -> Iterator[None]:
    """Write the connector's log lines as the CDK does, at the levels of a new process."""
    handler = logging.StreamHandler(stdout)
    handler.setFormatter(AirbyteLogFormatter())
    handler.addFilter(lambda record: not record.name.startswith(("asyncio", "uvicorn")))  # log lines of the sandbox
    root = logging.getLogger()
    connector = [logging.getLogger(name) for name in ("airbyte", f"airbyte.{SourcePowerschoolEnrollment.name}")]
    saved = root.handlers[:], [(logger, logger.level, logger.filters[:]) for logger in connector]
    root.handlers[:] = [handler]
    connector[0].setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:], loggers = saved
        for logger, level, filters in loggers:
            logger.setLevel(level)
            logger.filters[:] = filters


@functools.cache
def discovered_streams() -> dict[str, dict[str, Any]]:
    """Return the streams that `discover` prints with default options, by name. It needs no service."""
    return run_source("discover", config={"api_key": "sandbox-key"}).catalog


def configured_catalog(
    streams: Mapping[str, Mapping[str, Any]], names: Sequence[str], sync_mode: str = "full_refresh"
) -> dict[str, Any]:
    """Return a configured catalog of these streams."""
    return {
        "streams": [
            {"stream": streams[name], "sync_mode": sync_mode, "destination_sync_mode": "append_dedup"} for name in names
        ]
    }


def read_streams(config: Mapping[str, Any], *names: str, sync_mode: str = "full_refresh", **options: Any) -> Outcome:
    """Run `read` with a configured catalog of these streams; `options` are those of `run_source`."""
    catalog = configured_catalog(discovered_streams(), names, sync_mode)
    return run_source("read", config=config, catalog=catalog, **options)
