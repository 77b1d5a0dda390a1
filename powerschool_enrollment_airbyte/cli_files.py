"""Reads the JSON files of the command line. An error states what is wrong and where, and never quotes the content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from powerschool_enrollment_api.errors import InvalidOption

_LINES = "If these are the lines that a connector printed, extract the part that is needed: see docs/command_line.md."

_contents: ContextVar[dict[str, bytes] | None] = ContextVar("_contents", default=None)


class EmptyFile(InvalidOption):
    """The file is empty, like `/dev/null`, or contains only white space."""


@contextmanager
def files_read_once() -> Iterator[None]:
    """Cache the content of each file inside this context: a pipe, `--config <(…)`, can be read only once."""
    token = _contents.set({})
    try:
        yield
    finally:
        _contents.reset(token)


def name_of(path: str, argument: str) -> str:
    """Return the beginning of a message about the file."""
    return f"The file {path}, given with {argument},"


def read_object(path: str, argument: str) -> dict[str, Any]:
    """Return the JSON object in a file. Raises InvalidOption if it contains something else."""
    found = read_json(path, argument)
    if not isinstance(found, dict):
        kind = "a list" if isinstance(found, list) else "a single value"
        expected = "a JSON object is expected, which begins with { and ends with }"
        raise InvalidOption(f"{name_of(path, argument)} holds {kind}; {expected}.")
    return found


def read_json(path: str, argument: str) -> Any:
    """Return the JSON in a file. Raises InvalidOption; EmptyFile if there is no content.

    The file may be in UTF-16 or UTF-32, or begin with a byte order mark: editors on Windows write such files, and
    `$null > state.json` in PowerShell writes only the mark.
    """
    name = name_of(path, argument)
    content = b""
    try:
        content = _content_of(path)
        text = content.decode(json.detect_encoding(content), "surrogatepass")  # as json.loads decodes it
        if not text.strip():
            raise EmptyFile(f"{name} is empty.")
        return json.loads(text)
    except OSError as error:
        raise InvalidOption(f"{name} cannot be read: {error.strerror}.") from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise InvalidOption(f"{name} holds more than one JSON value. {_LINES}") from None
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidOption(f"{name} is not valid JSON at {place}: {error.msg}.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidOption(f"{name} is not UTF-8 (line {line}): save it in the encoding UTF-8.") from None
    except (RecursionError, ValueError):
        raise InvalidOption(f"{name} is nested too deeply, or a number in it is too long, to be read.") from None


def _content_of(path: str) -> bytes:
    kept = _contents.get()
    if kept is None:
        return Path(path).read_bytes()
    if path not in kept:
        kept[path] = Path(path).read_bytes()
    return kept[path]
