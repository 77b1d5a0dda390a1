"""Runs the destination as the platform does: with files, messages on stdin, and messages on stdout.

It runs in this process, except in tests of the process itself.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from destination_powerschool_enrollment import destination as console_script
from integration_tests.in_this_process import InThisProcess
from integration_tests.warm_process import WarmProcess

COMMAND = [str(Path(sys.executable).parent / "destination-powerschool-enrollment")]


def config(service: Any, *streams: str, **options: Any) -> dict[str, Any]:
    """Return options that write the n-th stream to form n."""
    imports = [
        {
            "stream": stream,
            "target": {"type": "import_schema", "published_action_id": n, "import_schema_id": n * 10},
            "key_field": "StudentID",
        }
        for n, stream in enumerate(streams or ("students",), start=1)
    ]
    return {"api_key": "a-key-nobody-may-see", "base_url": service.base_url, "imports": imports, **options}


def configured_stream(name: str, columns: Iterable[str], **settings: Any) -> dict[str, Any]:
    properties = {column: {"type": ["null", "string"]} for column in columns}
    return {
        "stream": {
            "name": name,
            "json_schema": {"type": "object", "properties": properties},
            "supported_sync_modes": ["full_refresh", "incremental"],
        },
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        **settings,
    }


def catalog(*streams: str, columns: Iterable[str] = ("StudentID", "FirstName", "Comment")) -> dict[str, Any]:
    return {"streams": [configured_stream(name, columns) for name in streams or ("students",)]}


def record(data: dict[str, Any], stream: str = "students") -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}


def stream_state(value: Any, stream: str = "students") -> dict[str, Any]:
    descriptor = {"name": stream}
    state = {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"cursor": value}}}
    return {"type": "STATE", "state": {**state, "id": value}}


def in_this_process(arguments: list[str], environment: dict[str, str]) -> InThisProcess:
    return InThisProcess(console_script.run, [*COMMAND, *arguments], environment)


def in_a_process(arguments: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Start the console script as a process: for tests of signals, pipes and exit codes."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
    )


def in_a_forked_process(arguments: list[str], environment: dict[str, str]) -> WarmProcess:
    """Start a process that can be killed, without the time that imports take."""
    command, environment = [*COMMAND, *arguments], {**os.environ, **environment}
    return WarmProcess(*command, environment=environment, imported=(console_script.__name__,))


class Session:
    """One run of a command. `states` and `logs` grow while the command runs."""

    def __init__(  # noqa: PLR0913 - by keyword only
        self,
        folder: Path,
        config: dict[str, Any],
        catalog: dict[str, Any] | None = None,
        *,
        command: str = "write",
        environment: dict[str, str] | None = None,
        start: Callable[[list[str], dict[str, str]], Any] = in_this_process,
    ) -> None:
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "catalog.json").write_text(json.dumps(catalog))
        arguments = [command, "--config", str(folder / "config.json")]
        if command == "write":
            arguments += ["--catalog", str(folder / "catalog.json")]
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self.output: list[str] = []
        self.errors: list[str] = []
        self.program = start(arguments, {"LOG_LEVEL": "debug", **(environment or {})})
        self._readers = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def send(self, *messages: dict[str, Any] | str) -> None:
        """Write messages, or lines, to the command's stdin. Do nothing if the command has ended."""
        lines = (message if isinstance(message, str) else json.dumps(message) for message in messages)
        try:
            for line in lines:
                self.program.stdin.write(line + "\n")
            self.program.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def end(self, timeout: float = 60) -> "Session":
        """End the input and wait for the end of the command."""
        with contextlib.suppress(BrokenPipeError):
            self.program.stdin.close()
        self.program.wait(timeout)
        for reader in self._readers:
            reader.join()
        return self

    def kill(self) -> None:
        """Kill the process, and read the rest of its output."""
        self.program.kill()
        self.end()

    def wait_for_states(self, count: int, timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        while len(self.states) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.states) >= count, self.everything

    @property
    def output_has_ended(self) -> bool:
        return not self._readers[0].is_alive()

    @property
    def code(self) -> int:
        return self.program.returncode

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["state"] for _, message in list(self.messages) if message["type"] == "STATE"]

    @property
    def logs(self) -> str:
        return "\n".join(message["log"]["message"] for _, message in list(self.messages) if message["type"] == "LOG")

    @property
    def failure(self) -> dict[str, Any]:
        """The error of the last error trace."""
        errors = [message["trace"]["error"] for _, message in self.messages if message["type"] == "TRACE"]
        return errors[-1]

    @property
    def everything(self) -> str:
        return "\n".join([*self.output, *self.errors])

    def _read_output(self) -> None:
        for line in self.program.stdout:
            self.output.append(line)
            self.messages.append((time.monotonic(), json.loads(line)))

    def _read_errors(self) -> None:
        self.errors.extend(self.program.stderr)


def run(
    folder: Path, config: dict[str, Any], catalog: dict[str, Any], messages: Iterable[Any], **settings: Any
) -> Session:
    """Write `messages` and wait for the end."""
    session = Session(folder, config, catalog, **settings)
    session.send(*messages)
    return session.end()
