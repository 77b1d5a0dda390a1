"""Standard output and standard error in UTF-8 in every locale: Airbyte's messages are UTF-8."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from io import TextIOWrapper

_STANDARD_ERROR = 2


def use_utf8_output() -> None:
    """Write UTF-8 from now on, log lines included. Exits if standard output is closed.

    Python uses the encoding of the locale otherwise. In `cp1252` or ASCII most names cannot be written.
    """
    if sys.stdout is None:
        print_on_stderr("Standard output is closed. Open it: the messages are printed there.")
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    for handler in logging.getLogger().handlers:
        handler.addFilter(_escape_surrogates)


def _escape_surrogates(record: logging.LogRecord) -> bool:
    with suppress(TypeError, ValueError):  # the handler reports a message that does not match its arguments
        record.msg, record.args = without_surrogates(record.getMessage()), None
    return True


def without_surrogates(text: str) -> str:
    """Return the text with each half of a surrogate pair escaped: the CDK's messages cannot contain one.

    In the locale C, Python decodes each byte of a UTF-8 path to such a half. These halves are decoded as UTF-8.
    """
    with suppress(UnicodeError):
        return text.encode("utf-8", "surrogateescape").decode()
    return text.encode("utf-8", "backslashreplace").decode()


def print_on_stderr(text: str) -> None:
    """Print a line on standard error, even if Python's stream is closed or cannot encode it.

    Print nothing if standard error was closed at the start: `print` would use standard output, and another file may
    have the descriptor.
    """
    stream = sys.__stderr__ or sys.stderr
    if stream is None:
        return
    try:
        print(text, file=stream, flush=True)
    except (OSError, ValueError):
        with suppress(OSError):
            os.write(_STANDARD_ERROR, f"{text}\n".encode("utf-8", "backslashreplace"))
