"""The server process: imports modules once, and forks commands, and the connectors that PyAirbyte starts."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from integration_tests.in_this_process import exit_code_of, own_state, pipe

FORK = multiprocessing.get_context("fork")
MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Job:
    """A command, and `before`, which is called in the process before it."""

    command: list[str]
    folder: str
    environment: dict[str, str]
    before: Callable[[], object] | None = None


def serve() -> None:
    """Import the modules that the command line names, then fork commands until the tests end."""
    tests = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    processes: dict[int, Any] = {}
    while True:
        request, streams, *_ = socket.recv_fds(tests, MOST_BYTES, 3)
        if not request:
            return
        answer = _answer(pickle.loads(request), streams, processes)
        tests.send(str(answer).encode())


def _answer(request: Job | int, streams: Sequence[int], processes: dict[int, Any]) -> int:
    """Fork a job and return its process ID, or wait for the process with this ID and return its exit code."""
    if isinstance(request, int):
        return _wait(processes.pop(request))
    process = FORK.Process(target=_run_job, args=(request, streams))
    process.start()
    for number in streams:
        os.close(number)
    processes[process.pid] = process
    return process.pid


class ForkedConnector:
    """A running connector. It has the methods of `subprocess.Popen` that PyAirbyte uses."""

    def __init__(self, args: list[str], *, stdin: int | None = None, **_settings: Any) -> None:
        its_input, self.stdin = pipe() if stdin == subprocess.PIPE else (None, None)
        self.stdout, its_output = pipe()
        ours = [end for end in (self.stdin, self.stdout) if end]
        self._process = FORK.Process(target=_run_connector, args=(args, its_input, its_output, ours))
        self._process.start()
        for end in (its_input, its_output):
            if end:
                end.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        return _wait(self._process, timeout)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _wait(process: Any, timeout: float | None = None) -> int:
    process.join(timeout)
    if process.exitcode is None:
        raise subprocess.TimeoutExpired(process.name, timeout or 0)
    return process.exitcode


def _run_job(job: Job, streams: Sequence[int]) -> None:
    os.setsid()
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)
    tempfile.tempdir = None  # the environment may name another folder
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # New streams, because the old ones remember whether they could seek.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    if base := sys.modules.get("airbyte._executors.base"):
        base.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": ForkedConnector})
    sys.argv = job.command
    if job.before is not None:
        job.before()
    sys.exit(exit_code_of(_script(job.command[0])))


def _run_connector(command: list[str], stdin: IO[str] | None, stdout: IO[str], others: list[IO[str]]) -> None:
    for end in others:
        end.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with stdout, own_state(command, {}, stdin or sys.stdin, stdout, sys.stderr):
        code = exit_code_of(_script(command[0]))
    sys.exit(code)


def _script(path: str) -> Callable[[], object]:
    """Return a function that runs a script, or a connector's console script."""
    if path.endswith(".py"):
        return lambda: runpy.run_path(path, run_name="__main__")
    return console_script(Path(path).name).load()


def console_script(name: str) -> EntryPoint:
    """Return the entry point of an installed console script."""
    return next(iter(entry_points(group="console_scripts", name=name)))
