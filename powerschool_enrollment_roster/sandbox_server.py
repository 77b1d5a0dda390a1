"""Runs the sandbox, a stand-in for the service with a made-up district, for as long as the command runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from powerschool_enrollment_roster.endings import ImportRefused

_MODULE = "powerschool_enrollment_sandbox"
_READY = re.compile(r"Sandbox ready at (\S+) with API key (\S+)")
_STOP_TIMEOUT = 5.0  # seconds


@contextmanager
def sandbox_connection() -> Iterator[dict[str, str]]:
    """Yield the key and the address of a new sandbox. Raises ImportRefused if it is not installed or does not start."""
    if find_spec("uvicorn") is None or find_spec(_MODULE) is None:
        raise ImportRefused("--sandbox: the sandbox is not installed. Install the package with its extra `sandbox`.")
    # The separate session keeps Ctrl-C from the sandbox. The sandbox ends when its standard input closes.
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", f"{_MODULE}.run", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        ready = _READY.match(process.stdout.readline() if process.stdout else "")
        if ready is None:
            raise ImportRefused("--sandbox: the sandbox did not start; its reason is on standard error.")
        yield {"base_url": ready[1], "api_key": ready[2]}
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
