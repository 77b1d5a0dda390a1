"""Prints to standard output for a person, and shows the warnings of the client library and the destination there."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


class Screen(Console):
    """Prints whole lines, without markup: a column may be called `[b]`.

    If the reader of standard output is gone, the command stops as after Ctrl-C, and reports on standard error.
    """

    def __init__(self) -> None:
        super().__init__(file=sys.stdout, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Raise KeyboardInterrupt in the main thread."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes standard output again on exit
        self.file = sys.stderr
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        # A worker thread must not end in the middle of its row. The signal wakes the main thread.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def warn(self, text: str) -> None:
        """Print what the user should look at."""
        self.print(text, style="yellow")

    def report(self, text: str, style: str | None = None) -> None:
        """Print how the import ended."""
        try:
            self.print(text, style=style)
        except KeyboardInterrupt:  # the reader of standard output is gone: the screen is standard error now
            self.print(text, style=style)

    @contextmanager
    def progress(self, total: int) -> Iterator[Progress | None]:
        """Show a bar on a terminal, with one task; elsewhere nothing."""
        if not self.is_terminal:
            yield None
            return
        with Progress(console=self, transient=True) as bar:
            bar.add_task("Sending", total=total)
            yield bar


class _OnScreen(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        # The destination's warnings name the stream and its option; this command has --skip-unchanged.
        self._screen.warn(record.getMessage().partition("\n")[0].replace("Stream roster: skip_", "--skip-"))


@contextmanager
def logs_on(screen: Screen) -> Iterator[None]:
    """Print warnings, such as those about retries, instead of Airbyte's log messages."""
    logger = logging.getLogger("airbyte")
    before = logger.handlers, logger.propagate, logger.level
    logger.handlers, logger.propagate = [_OnScreen(screen)], False
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.handlers, logger.propagate = before[:2]
        logger.setLevel(before[2])
