"""Runs a console script in a thread of this process, with separate arguments, environment, streams and logging."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

import pytest
from airbyte_cdk.logger import PRINT_BUFFER, AirbyteLogFormatter
from airbyte_cdk.utils import airbyte_secrets_utils

SECRETS = "__SECRETS_FROM_CONFIG"
_running: list[InThisProcess] = []


class InThisProcess:
    """A running script: the part of `subprocess.Popen` that a session uses. Only one can run at a time.

    Starting a process takes more than a second, most of it for imports.
    """

    def __init__(
        self,
        script: Callable[[], object],
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stdin: IO[str] | None = None,
    ) -> None:
        if _running:
            raise RuntimeError("Another script is running in this process: end it first.")
        its_input, self.stdin = (stdin, None) if stdin else pipe()
        self.stdout, its_output = pipe()
        self.stderr, its_errors = pipe()
        self.returncode: int | None = None
        self._thread = threading.Thread(
            target=self._run, args=(script, arguments, environment, its_input, its_output, its_errors), daemon=True
        )
        _running.append(self)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> int | None:
        """Return the exit code. Raises TimeoutError if the script runs longer."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"The script has not ended after {timeout} s.")
        return self.returncode

    def _run(
        self,
        script: Callable[[], object],
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *streams: IO[str],
    ) -> None:
        stdin, stdout, stderr = streams
        try:
            with own_state(arguments, environment, stdin, stdout, stderr):
                self.returncode = exit_code_of(script)
        finally:
            for stream in streams:
                with contextlib.suppress(OSError, ValueError):
                    stream.close()
            _running.remove(self)


def end_all() -> None:
    """Close the stdin of each script that a failed test left running, and wait for its end."""
    for script in _running.copy():
        if script.stdin is not None:
            script.stdin.close()
        script.wait(timeout=60)


def pipe() -> tuple[IO[str], IO[str]]:
    """Return both ends of a pipe, in UTF-8: the one to read from, and the one to write to."""
    reading, writing = os.pipe()
    return os.fdopen(reading, encoding="utf-8"), os.fdopen(writing, "w", encoding="utf-8")


def exit_code_of(script: Callable[[], object]) -> int:
    """Run the script; return the exit code of a process that runs it. Exceptions are printed as in that process."""
    try:
        script()
    except SystemExit as ending:
        if ending.code is None or isinstance(ending.code, int):
            return ending.code or 0
        print(ending.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


@contextlib.contextmanager
def own_state(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: IO[str], stdout: IO[str], stderr: IO[str]
) -> Iterator[None]:
    """Replace the state of this process that the script reads or changes, and restore it at the end."""
    with pytest.MonkeyPatch.context() as process, logging_as_at_the_start(process):
        process.setattr(sys, "argv", list(arguments))
        process.setattr(sys, "stdin", stdin)
        process.setattr(sys, "stdout", stdout)
        process.setattr(sys, "__stdout__", stdout)  # the CDK logs there
        process.setattr(sys, "stderr", stderr)
        process.setattr(sys, "excepthook", sys.__excepthook__)
        process.setattr(airbyte_secrets_utils, SECRETS, [])
        for name, value in environment.items():
            process.setenv(name, value)
        yield


@contextlib.contextmanager
def logging_as_at_the_start(process: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure logging as importing the CDK does. Pytest's handlers receive no log lines."""
    console = logging.StreamHandler(PRINT_BUFFER)
    console.setFormatter(AirbyteLogFormatter("%(message)s"))
    root, airbyte = logging.getLogger(), logging.getLogger("airbyte")
    levels = {root: logging.WARNING, airbyte: logging.INFO}
    before = {logger: logger.level for logger in levels}
    process.setattr(logging, "raiseExceptions", True)
    process.setattr(root, "handlers", [console])
    process.setattr(airbyte, "handlers", [])
    process.setattr(airbyte, "propagate", True)
    for logger, level in levels.items():
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, level in before.items():
            logger.setLevel(level)
