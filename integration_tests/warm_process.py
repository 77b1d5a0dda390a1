"""Runs scripts that use PyAirbyte in processes that are forked from one that has imported it, and both connectors.

PyAirbyte takes six seconds to import, and it starts a connector four times for each sync.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from integration_tests.in_this_process import exit_code_of, own_state, pipe

FORK = multiprocessing.get_context("fork")
SERVER = multiprocessing.get_context("forkserver")
IMPORTED = ["airbyte.caches", "source_powerschool_enrollment.run", "destination_powerschool_enrollment.run", __name__]
SERVER.set_forkserver_preload(IMPORTED)


def run_warm(script: str | Path, *arguments: str, folder: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run a script until its end."""
    process = WarmProcess(script, *arguments, folder=folder, **settings)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


class WarmProcess:
    """A running script in a separate session: the part of `subprocess.Popen` that the tests use.

    `before` is called in the process, before the script.
    """

    def __init__(
        self,
        *command: str | Path,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> None:
        os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")  # before PyAirbyte is imported
        self.args = [str(word) for word in command]
        self._printed = tempfile.TemporaryDirectory()
        self._files = [Path(self._printed.name) / name for name in ("stdout", "stderr")]
        arguments = (self.args, folder, dict(environment or os.environ), self._files, before)
        self._process = SERVER.Process(target=_run_script, args=arguments)
        self._process.start()
        self.pid = self._process.pid

    def communicate(self, timeout: float = 120) -> tuple[str, str]:
        """Wait for the end; return what was printed."""
        _wait(self._process, timeout)
        with self._printed:
            stdout, stderr = (file.read_text(encoding="utf-8") for file in self._files)
        return stdout, stderr

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()


class ForkedConnector:
    """A connector: the part of `subprocess.Popen` that PyAirbyte uses."""

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


def _wait(process: Any, timeout: float | None) -> int:
    process.join(timeout)
    if process.exitcode is None:
        raise subprocess.TimeoutExpired(process.name, timeout or 0)
    return process.exitcode


def _run_script(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str],
    printed: list[Path],
    before: Callable[[], object] | None,
) -> None:
    from airbyte._executors import base  # noqa: PLC0415 - it is imported in the server only

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # the environment may name another one
    for number, file in enumerate(printed, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    base.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": ForkedConnector})
    sys.argv = command
    if before is not None:
        before()
    sys.exit(exit_code_of(lambda: runpy.run_path(command[0], run_name="__main__")))


def _run_connector(command: list[str], stdin: IO[str] | None, stdout: IO[str], others: list[IO[str]]) -> None:
    for end in others:
        end.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    module = sys.modules[f"{Path(command[0]).name.replace('-', '_')}.run"]
    with stdout, own_state(command, {}, stdin or sys.stdin, stdout, sys.stderr):
        code = exit_code_of(module.run)
    sys.exit(code)
