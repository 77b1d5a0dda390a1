"""Runs the console script's function in a process that a test can kill.

The process is forked from one that has imported the connector. A fork takes 1 % of the time of the import.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import BinaryIO

from tenacity import wait_fixed

from powerschool_enrollment_api import retry
from source_powerschool_enrollment.deliveries import target
from source_powerschool_enrollment.run import run

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["source_powerschool_enrollment.run", "integration_tests.manifest_cache"])


@dataclass(frozen=True)
class ForkedConnector:
    """A running connector and the lines that it prints."""

    process: BaseProcess
    stdout: BinaryIO


@contextmanager
def forked_connector(arguments: Sequence[str], *, buffered: bool = True) -> Iterator[ForkedConnector]:
    """Run `source-powerschool-enrollment ARGUMENTS`, and wait for its end. Its retries have almost no pause."""
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(sender, arguments, buffered), daemon=True)
    process.start()
    sender.close()
    with os.fdopen(os.dup(receiver.fileno()), "rb") as stdout:
        receiver.close()
        yield ForkedConnector(process, stdout)
    process.join()


def _run(stdout: Connection, arguments: Sequence[str], buffered: bool) -> None:
    retry._BACK_OFF = wait_fixed(0.001)
    target.wait_exponential_jitter = lambda **_: wait_fixed(0.001)
    os.dup2(stdout.fileno(), 1)
    stdout.close()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.stdout = sys.__stdout__ = _standard_output(buffered=buffered)
    sys.argv = ["source-powerschool-enrollment", *arguments]
    run()


def _standard_output(*, buffered: bool) -> io.TextIOWrapper:
    """Return stdout as Python opens a pipe: buffered, or unbuffered as with PYTHONUNBUFFERED."""
    raw = io.FileIO(1, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw) if buffered else raw, encoding="utf-8", write_through=not buffered)
