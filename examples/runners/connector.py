"""Runs commands of the source for a pipeline, and yields what they print. Copy it next to your pipeline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / ".venv" / "bin" / "source-powerschool-enrollment"


class ConnectorFailed(Exception):
    """The connector did not end with exit code 0. Its message contains no value of a record."""


def options_from_environment() -> dict[str, str]:
    """Return the key and the address of the service, as the connector's options."""
    variables = {"api_key": "POWERSCHOOL_ENROLLMENT_API_KEY", "base_url": "POWERSCHOOL_ENROLLMENT_BASE_URL"}
    options = {option: os.environ[name] for option, name in variables.items() if name in os.environ}
    if "api_key" not in options:
        raise ConnectorFailed("POWERSCHOOL_ENROLLMENT_API_KEY is not set.")
    return options


def discover(config: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return these streams of the catalog, with their schemas and keys."""
    (catalog,) = [message["catalog"] for message in run("discover", config=config) if message["type"] == "CATALOG"]
    streams = {stream["name"]: stream for stream in catalog["streams"]}
    return [streams[name] for name in names]


def read(
    config: Mapping[str, Any], stream: Mapping[str, Any], state: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    """Yield the messages of one stream, in the order in which they must be handled. Warnings go to standard error.

    `state` is the last STATE that was stored after its records, or None to read everything.
    """
    configured = {"stream": stream, "sync_mode": sync_mode(stream), "destination_sync_mode": "append"}
    return run("read", config=config, catalog={"streams": [configured]}, state=[state] if state else [])


def sync_mode(stream: Mapping[str, Any]) -> str:
    """Return `incremental` where the stream supports it, else `full_refresh`."""
    return str(stream["supported_sync_modes"][-1])


def run(command: str, **files: Any) -> Iterator[dict[str, Any]]:
    """Run a command, with each of `files` as a JSON file, and yield its messages.

    Raises:
        ConnectorFailed: the exit code is not 0. What was yielded before is valid, but not complete.
    """
    with tempfile.TemporaryDirectory() as folder:  # other users cannot enter it: the configuration holds the key
        arguments = [command]
        for name, content in files.items():
            path = Path(folder, f"{name}.json")
            path.write_text(json.dumps(content), encoding="utf-8")
            arguments += [f"--{name}", str(path)]
        yield from _messages([str(SOURCE), *arguments])


def _messages(command: Sequence[str]) -> Iterator[dict[str, Any]]:
    reasons = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            for line in process.stdout or ():
                message = json.loads(line)
                _show_warning(message)
                if "error" in message.get("trace", {}):
                    reasons.append(message["trace"]["error"]["message"])
                yield message
        except BaseException:
            process.terminate()  # the pipeline has failed or was stopped
            raise
    if process.returncode != 0:
        # The first reason is that of a failed stream; the last one only lists these streams.
        reason = next(iter(reasons), "it reported no error")
        raise ConnectorFailed(f"{command[1]} ended with exit code {process.returncode}: {reason}")


def _show_warning(message: Mapping[str, Any]) -> None:
    log = message.get("log", {})
    if log.get("level") in ("WARN", "ERROR", "FATAL"):
        print(log["message"], file=sys.stderr)
