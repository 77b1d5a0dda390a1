"""A sandbox in a separate process, so that a benchmark does not share an interpreter with the server."""

import re
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Any

from typing_extensions import Self

from powerschool_enrollment_sandbox.control.client import SandboxClient

_READY = re.compile(r"Sandbox ready at (\S+)/api/v1 with API key (\S+)")
_STOP_TIMEOUT = 5.0


class SandboxProcess(SandboxClient):
    """Context manager that runs `powerschool-enrollment-sandbox` on a free port.

    The options are those of the command: `SandboxProcess(forms=1, roster_records=50_000, latency_ms=100)`.
    `start_timeout` is the number of seconds within which the sandbox must be ready.
    """

    def __init__(self, *, start_timeout: float = 30.0, **options: Any) -> None:
        super().__init__("", "")
        self._start_timeout = start_timeout
        self._arguments = [
            argument for name, value in options.items() for argument in (f"--{name.replace('_', '-')}", str(value))
        ]
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        if self._process is None:
            raise RuntimeError("The sandbox process is not running.")
        return self._process.pid

    def __enter__(self) -> Self:
        """Start the process and wait until it is ready."""
        command = [sys.executable, "-m", "powerschool_enrollment_sandbox.run", "--until-stdin-closes"]
        # The separate session keeps Ctrl-C from the sandbox. The program that started the sandbox stops it.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self.root_url, self.api_key = _ready(self._process, self._start_timeout)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process."""
        self._stop()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _ready(process: "subprocess.Popen[str]", timeout: float) -> tuple[str, str]:
    deadline = time.monotonic() + timeout
    stdout = process.stdout
    if stdout is None or not select.select([stdout], [], [], deadline - time.monotonic())[0]:
        raise TimeoutError(f"The sandbox process printed nothing for {timeout:g} s.")
    match = _READY.match(stdout.readline())
    if match is None:
        raise RuntimeError("The sandbox process did not start; its reason is on standard error.")
    return match[1], match[2]
