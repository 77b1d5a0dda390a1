"""The programs that are compared, each as a command that reads all roster records of a sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import lines_with
from powerschool_enrollment_sandbox import SandboxClient

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PEERS_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
count_airbyte_records = lines_with(b'"type":"RECORD"')


@dataclass(frozen=True)
class Program:
    """The command of a program, and the function that counts the records in its output file."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    records_in: Callable[[Path], int] = count_airbyte_records


def catalog(sync_mode: str = "full_refresh") -> dict[str, Any]:
    """Return a configured catalog that selects roster records."""
    stream = {"name": "roster_records", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    return {"streams": [{"stream": stream, "sync_mode": sync_mode, "destination_sync_mode": "append"}]}


def this_source(
    sandbox: SandboxClient,
    folder: Path,
    page_size: int,
    workers: int,
    state: Sequence[Mapping[str, Any]] | None = None,
) -> Program:
    """Return the command of this repository's source; incremental if `state` is given, even if it is empty."""
    files: dict[str, Any] = {
        "config": _config(sandbox, page_size, workers),
        "catalog": catalog("full_refresh" if state is None else "incremental"),
    }
    if state is not None:
        files["state"] = list(state)
    return Program([str(BIN / "source-powerschool-enrollment"), "read", *as_files(folder, files, prefix="ours-")])


def builder_manifest(sandbox: SandboxClient, folder: Path, page_size: int, workers: int) -> Program:
    """The manifest for the Connector Builder: the CDK's own components, with as many threads as there are workers."""
    config = _config(sandbox, page_size, workers)
    files = as_files(folder, {"config": config, "catalog": catalog()}, prefix="builder-")
    manifest = ["--manifest-path", str(HERE.parent / "connector_builder" / "manifest.yaml")]
    return Program([str(BIN / "source-declarative-manifest"), "read", *files, *manifest])


def requests_loop(sandbox: SandboxClient, page_size: int) -> Program:
    """A loop around `requests`."""
    return _peer("requests_loop.py", sandbox, page_size, lines_with(b'"id"'))


def singer_tap(sandbox: SandboxClient, page_size: int) -> Program:
    """A tap on the Singer SDK."""
    return _peer("singer_tap.py", sandbox, page_size, lines_with(b'"RECORD","stream":"roster_records"'))


def dlt_rest_api(
    sandbox: SandboxClient, page_size: int, duckdb_file: Path | None = None, *, parallelized: bool = False
) -> Program:
    """dlt's rest_api source, extracting to files, or loading into DuckDB; `parallelized`: forms at the same time."""
    variables = {"DUCKDB_FILE": str(duckdb_file)} if duckdb_file else {}
    variables |= {"PARALLELIZED": "1"} if parallelized else {}
    return _peer("dlt_rest_api.py", sandbox, page_size, lambda output: int(output.read_text().split()[-1]), variables)


def _peer(
    script: str,
    sandbox: SandboxClient,
    page_size: int,
    records_in: Callable[[Path], int],
    variables: Mapping[str, str] | None = None,
) -> Program:
    environment = {
        "BASE_URL": sandbox.base_url,
        "API_KEY": sandbox.api_key,
        "PAGE_SIZE": str(page_size),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        **(variables or {}),
    }
    return Program([str(PEERS_PYTHON), str(HERE / "peers" / script)], environment, records_in)


def _config(sandbox: SandboxClient, page_size: int, workers: int) -> dict[str, Any]:
    return {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "page_size": page_size,
        "num_workers": workers,
    }


def as_files(folder: Path, files: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Write each of `files` to the folder as JSON, and return the options that name them."""
    arguments = []
    for name, content in files.items():
        path = folder / f"{prefix}{name}.json"
        path.write_text(json.dumps(content))
        arguments += [f"--{name}", str(path)]
    return arguments
