"""Runs the destination on a roster: its input, its output, and its end."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress
from roster_file import Roster

DESTINATION = str(Path(sys.executable).with_name("destination-powerschool-enrollment"))
ROWS_A_STATE = 50

Json = dict[str, Any]


class Screen(Console):
    """Standard output. When its reader is gone, the program stops as after Ctrl-C and reports on standard error."""

    def on_broken_pipe(self) -> None:
        """Raises KeyboardInterrupt."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes there once more when it ends
        self.file = sys.stderr
        raise KeyboardInterrupt


console = Screen(highlight=False, soft_wrap=True, markup=False)


@dataclass
class Confirmed:
    """The number of rows, from the first, that the destination has settled."""

    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    began: float = 0

    def note(self, message: Json) -> None:
        """Count the rows of a state that came back."""
        self.began = self.began or time.monotonic()
        if message["type"] == "STATE":
            self.rows = message["state"]["stream"]["stream_state"]["row"]
            self.accepted += int(message["state"]["destinationStats"]["recordCount"])
            self.rejected += int(message["state"]["destinationStats"]["rejectedRecordCount"])

    def rate(self) -> str:
        """Print the rate."""
        seconds = time.monotonic() - self.began
        return f"{self.accepted:,} rows accepted in {seconds:.1f} s: {self.accepted / seconds:,.0f} rows/s."

    def part_of(self, roster: Roster) -> str:
        """Print the progress at the stop."""
        end = f", to line {roster.lines[self.rows - 1]} of {roster.name}" if self.rows else ""
        return (
            f"Stopped. Confirmed: {self.rows:,} of {len(roster.rows):,} rows{end}. Others may have been written, too; "
            "run it again."
        )


@contextmanager
def destination(*arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the destination, and end it when we are stopped.

    In a separate session: Ctrl-C reaches only this program, which then reports what was confirmed.
    """
    command = [DESTINATION, *arguments]
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            process.wait()
            raise


def said_by(process: "subprocess.Popen[bytes]") -> Iterator[Json]:
    """Yield the destination's messages, each as soon as it is there."""
    return map(json.loads, process.stdout or ())


def discover(config: str) -> list[Json]:
    """Return what can be written to."""
    with destination("discover", "--config", config) as process:
        for message in said_by(process):
            if message["type"] == "DESTINATION_CATALOG":
                operations: list[Json] = message["destination_catalog"]["operations"]
                return operations
            show(message)
    sys.exit(process.returncode)


def messages_of(roster: Roster, fields: Mapping[str, str]) -> Iterator[Json]:
    """Yield Airbyte's messages: the rows, and a state now and then, which comes back once its rows are written."""
    for number, row in enumerate(roster.rows, start=1):
        cells = zip(roster.columns, row, strict=True)
        data = {fields[column]: value or None for column, value in cells if column in fields}
        yield {"type": "RECORD", "record": {"stream": "roster", "data": data, "emitted_at": 0}}
        if number % ROWS_A_STATE == 0 or number == len(roster.rows):
            state = {"stream_descriptor": {"name": "roster"}, "stream_state": {"row": number}}
            yield {"type": "STATE", "state": {"type": "STREAM", "stream": state}}


def write(config: str, catalog: str, roster: Roster, fields: Mapping[str, str]) -> tuple[int, Confirmed]:
    """Write the roster, with a progress bar; return the destination's exit code, and what was confirmed."""
    confirmed = Confirmed()
    try:
        with (
            progress_bar(len(roster.rows)) as advance,
            in_a_file(messages_of(roster, fields)) as messages,
            destination("write", "--config", config, "--catalog", catalog, stdin=messages) as process,
        ):
            for message in said_by(process):
                confirmed.note(message)
                advance(confirmed.rows)
                show(message, roster)
    except KeyboardInterrupt:
        console.print(confirmed.part_of(roster), style="red")
        raise
    if process.returncode and confirmed.rows < len(roster.rows):
        console.print(confirmed.part_of(roster), style="red")
    return process.returncode, confirmed


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much is done: what is yielded takes the number of rows."""
    progress = Progress(console=console, transient=True)
    bar = progress.add_task("Writing", total=total)
    with progress if console.is_terminal else nullcontext():
        yield lambda rows: progress.update(bar, completed=rows)


@contextmanager
def in_a_file(messages: Iterable[Json]) -> Iterator[IO[bytes]]:
    """Yield a file of the messages. It has no name, and so it ends with this program, however that ends."""
    with tempfile.TemporaryFile() as file:
        file.writelines(json.dumps(message).encode() + b"\n" for message in messages)
        file.seek(0)
        yield file


def show(message: Json, roster: Roster | None = None) -> None:
    """Print the destination's log messages."""
    if message["type"] == "LOG" and message["log"]["level"] != "FATAL":  # the trace repeats it
        style = "yellow" if message["log"]["level"] == "WARN" else None
        text = message["log"]["message"].partition("\n")[0]
    elif message["type"] == "TRACE" and "error" in message["trace"]:
        style, text = "red", message["trace"]["error"]["message"]
    else:
        return
    console.print(in_lines(text, roster) if roster else text, style=style)


def in_lines(text: str, roster: Roster) -> str:
    """Name the lines of the file instead of the stream's rows, which the destination counts."""

    def lines(rows: re.Match[str]) -> str:
        numbers = [str(roster.lines[int(row) - 1]) for row in rows[1].split(", ")]
        return f"{roster.name}, line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"

    return re.sub(r"[Ss]tream roster, rows? (\d+(?:, \d+)*)", lines, text)
