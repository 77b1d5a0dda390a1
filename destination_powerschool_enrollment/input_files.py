"""The files that the command line names: what they hold, or what is wrong with them and where, never what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from powerschool_enrollment_api import InvalidOption


def name_of(path: str, argument: str) -> str:
    """Return how a message about the file begins."""
    return f"The file {path}, given with {argument},"


def read_object(path: str, argument: str) -> dict[str, Any]:
    """Return the JSON object in a file. Raises InvalidOption."""
    name = name_of(path, argument)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidOption(f"{name} cannot be read: {error.strerror}.") from None
    found = _parse(content, name)
    if not isinstance(found, dict):
        kind = "a list" if isinstance(found, list) else "a single value"
        raise InvalidOption(f"{name} holds {kind}; a JSON object is expected, which begins with {{ and ends with }}.")
    return found


def _parse(content: bytes, name: str) -> Any:
    """Return the JSON, which may be in UTF-16 as well, or begin with a byte order mark: Windows does that."""
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidOption(f"{name} is not valid JSON at {place}: {error.msg}.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidOption(f"{name} is not UTF-8 (line {line}): save it in the encoding UTF-8.") from None
    except (RecursionError, ValueError):
        raise InvalidOption(f"{name} is nested too deep, or holds a number too long, to be read as JSON.") from None
