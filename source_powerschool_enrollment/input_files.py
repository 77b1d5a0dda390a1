"""Reads the configured catalog and the states that the command line names.

All functions raise InvalidOption, which names the place of an error in the file, never its content.
"""

from __future__ import annotations

from typing import Any

from airbyte_cdk.models import (
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
)
from serpyco_rs import SchemaValidationError

from powerschool_enrollment_airbyte.cli_files import name_of, read_json
from powerschool_enrollment_api import InvalidOption

_CATALOG = (
    "A configured catalog lists the streams to sync, chosen from the output of `discover`: "
    '{"streams": [{"stream": {"name": …}, "sync_mode": …, "destination_sync_mode": …}]}'
)
_STATES = (
    "A list of states has the form "
    '[{"type": "STREAM", "stream": {"stream_descriptor": {"name": …}, "stream_state": {…}}}]'
)


def read_configured_catalog(path: str) -> ConfiguredAirbyteCatalog:
    """Return the configured catalog."""
    content = read_json(path, "--catalog")
    try:
        return ConfiguredAirbyteCatalogSerializer.load(content)
    except SchemaValidationError as error:
        name = name_of(path, "--catalog")
        raise InvalidOption(f"{name} is not a configured catalog{_place(error)}. {_CATALOG}.") from None


def read_states(path: str) -> list[AirbyteStateMessage]:
    """Return the states; whole STATE messages, as `read` prints them, will do."""
    content = read_json(path, "--state") or []  # an empty object counts as an empty list
    problem = f"{name_of(path, '--state')} is not a list of states"
    try:
        states = [_state(entry) for entry in (content if isinstance(content, list) else [content])]
    except SchemaValidationError as error:
        raise InvalidOption(f"{problem}{_place(error)}. {_STATES}.") from None
    # The CDK would ignore others, and what they confirm would be emitted again.
    if not all(state.type and (state.stream or state.global_) for state in states):
        raise InvalidOption(f"{problem}: one has no type, or no stream. {_STATES}.")
    return states


def _state(entry: Any) -> AirbyteStateMessage:
    is_message = isinstance(entry, dict) and entry.get("type") == "STATE"
    return AirbyteStateMessageSerializer.load(entry.get("state") if is_message else entry)


def _place(error: SchemaValidationError) -> str:
    """Return the place of the error; the error's text would repeat the file's content."""
    path = error.errors[0].instance_path.replace("/", ".")
    return f": {path} is missing or wrong" if path else ""
