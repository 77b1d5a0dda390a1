"""Writes a roster (a CSV file) to PowerSchool Enrollment, and shows what became of its rows. Copy it and change it.

Without POWERSCHOOL_ENROLLMENT_API_KEY it writes to a made-up district: the sandbox's. With a key, say what to write to
with --into (or POWERSCHOOL_ENROLLMENT_IMPORT_INTO); without it you are shown what there is.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any

from rich.console import Console
from rich.progress import Progress

DESTINATION = str(Path(sys.executable).with_name("destination-powerschool-enrollment"))
SAMPLE = Path(__file__).with_name("roster.csv")
# A rejected row does not keep the others from being written; it fails only when more than one in twenty was rejected.
OPTIONS = {"num_workers": 8, "on_rejected_row": {"policy": "skip", "max_rejected_percent": 5}}
ROWS_A_STATE = 50

console = Console(highlight=False, soft_wrap=True)
Json = dict[str, Any]


def main() -> int:
    """Write the roster; return the exit code."""
    arguments = parse_arguments()
    with arguments.roster.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        config = {**OPTIONS, "skip_unchanged": arguments.skip_unchanged, **connection(resources)}
        config_file = write_json(folder / "config.json", config)
        operations = discover(config_file)
        target = choose(operations, arguments.into, rows)
        if target is None:
            return 2
        console.print(
            f"Writing {len(rows):,} rows of {arguments.roster.name} to {target['object_name']!r}", markup=False
        )
        catalog_file = write_json(folder / "catalog.json", catalog(target, rows))
        return write(["write", "--config", config_file, "--catalog", catalog_file], rows)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Writes a roster to PowerSchool Enrollment.")
    parser.add_argument("roster", nargs="?", type=Path, default=SAMPLE, help="a CSV file with a header")
    parser.add_argument(
        "--into", default=os.environ.get("POWERSCHOOL_ENROLLMENT_IMPORT_INTO"), help="what to write to, by its name"
    )
    parser.add_argument("--skip-unchanged", action="store_true", help="send only rows that differ from the roster")
    return parser.parse_args()


def connection(resources: ExitStack) -> dict[str, str]:
    """Return key and address: the district's from the environment, else the sandbox's, which runs as long as we do."""
    if api_key := os.environ.get("POWERSCHOOL_ENROLLMENT_API_KEY"):
        base_url = os.environ.get("POWERSCHOOL_ENROLLMENT_BASE_URL")
        return {"api_key": api_key, **({"base_url": base_url} if base_url else {})}
    from powerschool_enrollment_sandbox import SandboxProcess  # noqa: PLC0415 - a pipeline with a key has no need of it

    sandbox = resources.enter_context(SandboxProcess())
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


def discover(config_file: str) -> list[Json]:
    """Return what can be written to."""
    found = subprocess.run([DESTINATION, "discover", "--config", config_file], stdout=subprocess.PIPE, check=False)  # noqa: S603
    messages = [json.loads(line) for line in found.stdout.splitlines()]
    for message in messages:
        if message["type"] == "DESTINATION_CATALOG":
            operations: list[Json] = message["destination_catalog"]["operations"]
            return operations
        show(message)
    sys.exit(found.returncode)


def choose(operations: list[Json], name: str | None, rows: list[Json]) -> Json | None:
    """Return the target called `name`. In the sandbox any that takes the columns will do."""
    if name is None and "POWERSCHOOL_ENROLLMENT_API_KEY" not in os.environ:
        columns = {column for row in rows[:1] for column in row}
        name = next(
            (each["object_name"] for each in operations if columns <= each["json_schema"]["properties"].keys()), ""
        )
    for operation in operations:
        if operation["object_name"] == name:
            return operation
    console.print("Say with --into what to write to. There are:")
    for operation in operations:
        console.print(f"  {operation['object_name']}", markup=False)
    return None


def catalog(target: Json, rows: list[Json]) -> Json:
    """Return the configured catalog: one stream of text columns, whose key is one that the target offers."""
    columns = list(rows[0]) if rows else []
    keys = [key for key in target.get("matching_keys", []) if key[0] in columns]
    stream = {
        "name": "roster",
        "json_schema": {"type": "object", "properties": {column: {"type": ["null", "string"]} for column in columns}},
        "supported_sync_modes": ["full_refresh"],
    }
    configured = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": target["sync_mode"]}
    return {"streams": [{**configured, "destination_object_name": target["object_name"], "primary_key": keys[:1]}]}


def messages_of(rows: list[Json]) -> Iterator[Json]:
    """Yield Airbyte's messages: the rows, and a state now and then, which comes back once its rows are written."""
    descriptor = {"name": "roster"}
    for number, row in enumerate(rows, start=1):
        data = {column: value or None for column, value in row.items()}
        yield {"type": "RECORD", "record": {"stream": "roster", "data": data, "emitted_at": 0}}
        if number % ROWS_A_STATE == 0 or number == len(rows):
            state = {"stream_descriptor": descriptor, "stream_state": {"row": number}}
            yield {"type": "STATE", "state": {"type": "STREAM", "stream": state}}


def write(arguments: list[str], rows: list[Json]) -> int:
    """Run the destination on `rows`, with a progress bar; return its exit code."""
    began = 0.0
    with (
        subprocess.Popen([DESTINATION, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,  # noqa: S603
        Progress(console=console, transient=True) as progress,
    ):
        bar = progress.add_task("Writing", total=len(rows))
        Thread(target=feed, args=(process, rows), daemon=True).start()
        for line in process.stdout or ():
            began = began or time.monotonic()
            message = json.loads(line)
            if message["type"] == "STATE":
                progress.update(bar, completed=message["state"]["stream"]["stream_state"]["row"])
            show(message)
    seconds = time.monotonic() - began
    console.print(f"{len(rows):,} rows in {seconds:.1f} s: {len(rows) / seconds:,.0f} rows/s.")
    return process.returncode


def feed(process: "subprocess.Popen[bytes]", rows: list[Json]) -> None:
    """Write the messages to the destination's standard input."""
    if process.stdin is None:
        return
    try:
        with process.stdin as pipe:
            for message in messages_of(rows):
                pipe.write(json.dumps(message).encode() + b"\n")
    except BrokenPipeError:
        return  # it stopped early, and says why


def show(message: Json) -> None:
    """Print what the destination says to people."""
    if message["type"] == "LOG" and message["log"]["level"] != "FATAL":  # the trace says it again
        style = "yellow" if message["log"]["level"] == "WARN" else None
        text = message["log"]["message"].splitlines()[0]
    elif message["type"] == "TRACE" and "error" in message["trace"]:
        style, text = "red", message["trace"]["error"]["message"]
    else:
        return
    console.print(text, style=style, markup=False)


def write_json(path: Path, content: Json) -> str:
    """Write a file for the destination; return its path."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
