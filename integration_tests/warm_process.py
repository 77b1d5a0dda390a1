"""Runs scripts and connectors in processes that are forked from a server process, which has imported their modules.

Importing PyAirbyte takes six seconds, importing a connector takes one, and each sync of PyAirbyte starts a connector
four times.
"""

from __future__ import annotations

import functools
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from integration_tests import warm_server
from integration_tests.in_this_process import pipe
from integration_tests.warm_server import MOST_BYTES, Job, console_script

CONNECTORS = (
    console_script("source-powerschool-enrollment").module,
    console_script("destination-powerschool-enrollment").module,
)
PYAIRBYTE = ("airbyte.caches", *CONNECTORS, "integration_tests.manifest_cache")


def run_warm(script: str | Path, *arguments: str, folder: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run a script that imports PyAirbyte, and wait for its end."""
    process = WarmProcess(script, *arguments, folder=folder, **settings)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


class WarmProcess:
    """A running command in a separate session. It has the methods of `subprocess.Popen` that the tests use."""

    def __init__(
        self,
        *command: str | Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        before: Callable[[], object] | None = None,
        imported: tuple[str, ...] = PYAIRBYTE,
    ) -> None:
        self.args = [str(word) for word in command]
        self.returncode: int | None = None
        its_input, self.stdin = pipe()
        self.stdout, its_output = pipe()
        self.stderr, its_errors = pipe()
        self._server = server(imported)
        job = Job(self.args, str(folder or Path.cwd()), dict(environment or os.environ), before)
        self.pid = self._server.fork(job, its_input, its_output, its_errors)

    def communicate(self, timeout: float = 120) -> tuple[str, str]:
        """Close stdin and wait for the end; return stdout and stderr. Kill the process after the timeout."""
        self.stdin.close()
        with ThreadPoolExecutor() as readers:
            printed = [readers.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                stdout, stderr = (each.result(timeout) for each in printed)
            except BaseException:
                os.killpg(self.pid, signal.SIGKILL)  # otherwise the readers would wait for its end
                raise
        self.wait(timeout)
        return stdout, stderr

    def wait(self, timeout: float = 120) -> int:
        if self.returncode is None:
            self.returncode = self._server.wait(self.pid, timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Server:
    """The server process. It ends when this process ends."""

    def __init__(self, *modules: str) -> None:
        self._socket, its_socket = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = its_socket.fileno()
        command = [sys.executable, "-c", f"from {warm_server.__name__} import serve; serve()", str(number), *modules]
        environment = {**os.environ, "AIRBYTE_OFFLINE_MODE": "1"}
        self._process = subprocess.Popen(command, pass_fds=[number], start_new_session=True, env=environment)
        its_socket.close()

    def fork(self, job: Job, *streams: IO[str]) -> int:
        """Start the job with these streams as stdin, stdout and stderr; return its process ID."""
        socket.send_fds(self._socket, [pickle.dumps(job)], [stream.fileno() for stream in streams])
        for stream in streams:
            stream.close()
        return self._answer(None)

    def wait(self, pid: int, timeout: float) -> int:
        """Return the exit code."""
        self._socket.send(pickle.dumps(pid))
        return self._answer(timeout)

    def _answer(self, timeout: float | None) -> int:
        self._socket.settimeout(timeout)
        return int(self._socket.recv(MOST_BYTES))


@functools.cache
def server(modules: tuple[str, ...]) -> Server:
    """Return the process that has imported the modules; it is started once."""
    return Server(*modules)
