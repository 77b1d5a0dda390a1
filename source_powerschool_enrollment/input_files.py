"""The files that the command line names: what they hold, or what is wrong with them and where, never what they hold.

All raise AirbyteTracedException.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from serpyco_rs import SchemaValidationError

from powerschool_enrollment_api import InvalidOption, as_traced_exception


def read_options(path: str) -> dict[str, Any]:
    """Return the options."""
    file = _File("--config", path, 'the options as a JSON object: {"api_key": …}')
    content = file.read()
    if not isinstance(content, dict):
        raise file.refused("holds no JSON object")
    return content


def read_configured_catalog(path: str) -> ConfiguredAirbyteCatalog:
    """Return the configured catalog."""
    file = _File(
        "--catalog",
        path,
        "a configured catalog, which selects of the streams that discover prints: "
        '{"streams": [{"stream": {"name": …}, "sync_mode": …, "destination_sync_mode": …}]}',
    )
    try:
        return ConfiguredAirbyteCatalogSerializer.load(file.read())
    except SchemaValidationError as error:
        raise file.refused(f"is no configured catalog{_place(error)}") from None


def read_states(path: str) -> list[AirbyteStateMessage]:
    """Return the states; whole STATE messages, as `read` prints them, will do."""
    file = _File(
        "--state",
        path,
        'a list of states: [{"type": "STREAM", "stream": {"stream_descriptor": {"name": …}, "stream_state": {…}}}]',
    )
    content = file.read() or []  # an empty object is as good as an empty list
    try:
        states = [_state(entry) for entry in (content if isinstance(content, list) else [content])]
    except SchemaValidationError as error:
        raise file.refused(f"is no list of states{_place(error)}") from None
    # The CDK would pass over others, and what they say has arrived would be sent again.
    if not all(state.type and (state.stream or state.global_) for state in states):
        raise file.refused("is no list of states: one has no type, or no stream")
    return states


def _state(entry: Any) -> AirbyteStateMessage:
    is_message = isinstance(entry, dict) and entry.get("type") == "STATE"
    return AirbyteStateMessageSerializer.load(entry.get("state") if is_message else entry)


def _place(error: SchemaValidationError) -> str:
    """Return where it is wrong; never how, which would repeat what stands there."""
    path = error.errors[0].instance_path.replace("/", ".")
    return f": {path} is missing or wrong" if path else ""


@dataclass(frozen=True)
class _File:
    argument: str
    path: str
    expected: str

    def read(self) -> Any:
        """Return the JSON in the file, which may be in UTF-16 as well, or have a byte order mark: Windows does that."""
        try:
            return json.loads(Path(self.path).read_bytes())
        except OSError as error:
            raise self.refused(f"cannot be read: {error.strerror}") from None
        except json.JSONDecodeError as error:
            raise self.refused(f"is not valid JSON at line {error.lineno}, column {error.colno}") from None
        except (ValueError, RecursionError):
            raise self.refused("is not JSON in UTF-8") from None

    def refused(self, problem: str) -> AirbyteTracedException:
        """Return what to raise."""
        text = f"The file {self.path}, given with {self.argument}, {problem}. It must hold {self.expected}."
        return as_traced_exception(InvalidOption(text))
