"""Runs a connector as the platform does, as a process, and holds all that it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(sys.executable).parent
BOUND_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """What a run printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

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


def source_command(command: str, folder: Path, **files: Any) -> list[str]:
    """Return `source-powerschool-enrollment COMMAND` with each of `files` as a JSON file in the folder."""
    arguments = [str(SCRIPTS / "source-powerschool-enrollment"), command]
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        arguments += [f"--{name}", str(path)]
    return arguments


def run_source(
    command: str, *, environment: Mapping[str, str] | None = None, debug: bool = False, **files: Any
) -> Outcome:
    """Run `source-powerschool-enrollment COMMAND` with each of `files` (config, catalog, state) as a JSON file."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.run(
            [*source_command(command, Path(folder), **files), *(["--debug"] if debug else [])],
            capture_output=True,
            text=True,
            check=False,
            timeout=BOUND_SECONDS,
            cwd=folder,  # any working directory must do
            env={**os.environ, **(environment or {})},
        )
    return Outcome(process.returncode, process.stdout, process.stderr)


def configured_catalog(
    streams: Mapping[str, Mapping[str, Any]], names: Sequence[str], sync_mode: str = "full_refresh"
) -> dict[str, Any]:
    """Select these of the discovered streams."""
    return {
        "streams": [
            {"stream": streams[name], "sync_mode": sync_mode, "destination_sync_mode": "append_dedup"} for name in names
        ]
    }


def read_streams(config: Mapping[str, Any], *names: str, sync_mode: str = "full_refresh", **options: Any) -> Outcome:
    """Discover, then read these streams."""
    streams = run_source("discover", config=config).catalog
    return run_source("read", config=config, catalog=configured_catalog(streams, names, sync_mode), **options)
