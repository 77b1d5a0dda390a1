"""Reads the configured catalog and the states that the command line names, and checks the catalog.

The functions that read files raise InvalidOption, which names the place of an error in the file, never its content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    AirbyteStateType,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    SyncMode,
)
from serpyco_rs import SchemaValidationError

from powerschool_enrollment_airbyte.cli_files import EmptyFile, name_of, read_json
from powerschool_enrollment_airbyte.suggestions import did_you_mean
from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.deliveries.stream import NAME as DELIVERED_RECORDS
from source_powerschool_enrollment.documents.stream import NAME as DOCUMENTS

_CATALOG = (
    "A configured catalog lists the streams to sync, chosen from the output of `discover`: "
    '{"streams": [{"stream": {"name": …}, "sync_mode": …, "destination_sync_mode": …}]}'
)
_STATES = (
    "A list of states has the form "
    '[{"type": "STREAM", "stream": {"stream_descriptor": {"name": …}, "stream_state": {…}}}]'
)
_NO_LEGACY_STATE = {"type": "LEGACY", "data": {}}  # older platforms stored it where no stream had a state
_MOST_LEVELS = 50  # a state of this source has 8
_CONDITIONS: Mapping[str, str] = {
    DELIVERED_RECORDS: "the option deliveries has the mode consume",
    DOCUMENTS: "the option documents names a field",
}


def read_configured_catalog(path: str) -> ConfiguredAirbyteCatalog:
    """Return the configured catalog."""
    content = read_json(path, "--catalog")
    entries = content.get("streams") if isinstance(content, dict) else None
    if isinstance(entries, list):
        content = {"streams": [_used_members(entry) for entry in entries]}
    try:
        return ConfiguredAirbyteCatalogSerializer.load(content)
    except SchemaValidationError as error:
        name = name_of(path, "--catalog")
        raise InvalidOption(f"{name} is not a configured catalog{_place(error)}. {_CATALOG}.") from None


def read_states(path: str) -> list[AirbyteStateMessage]:
    """Return the states, one for each stream. Whole STATE messages, as `read` prints them, are accepted too."""
    content = _state_content(path) or []  # an empty file or object counts as an empty list
    problem = f"{name_of(path, '--state')} is not a list of states"
    if _is_nested_deeper_than(_MOST_LEVELS, content):
        raise InvalidOption(f"{problem}: it is nested too deeply. {_STATES}.")
    try:
        entries = content if isinstance(content, list) else [content]
        states = [_state(entry) for entry in entries if entry != _NO_LEGACY_STATE]
    except SchemaValidationError as error:
        raise InvalidOption(f"{problem}{_place(error)}. {_STATES}.") from None
    # The CDK would ignore an entry without them, and emit again what that entry confirms.
    if not all(state.stream if state.type is AirbyteStateType.STREAM else state.global_ for state in states):
        raise InvalidOption(f"{problem}: an entry has no type or no stream. {_STATES}.")
    return _without_namespaces([stream for state in states for stream in _of_each_stream(state)])


def catalog_problems(configured: ConfiguredAirbyteCatalog, offered: AirbyteCatalog) -> Iterator[str]:
    """Yield a sentence for each configured stream that is listed twice, does not exist, or has no full refresh.

    Incremental is never refused, because PyAirbyte requests it for every stream: a stream without it is read in full.
    """
    modes = {stream.name: stream.supported_sync_modes for stream in offered.streams}
    times = Counter(entry.stream.name for entry in configured.streams)
    yield from (f"The catalog has the stream {name} twice." for name in times if times[name] > 1)
    for entry in configured.streams:
        name = entry.stream.name
        if name not in modes and name in _CONDITIONS:
            reason = _CONDITIONS[name]
            yield f"The stream {name} exists only if {reason}: set that option, or refresh the source's schema."
        elif name not in modes:
            yield f"Unknown stream {name}; {did_you_mean(name, modes)} Refresh the source's schema."
        elif entry.sync_mode not in {*modes[name], SyncMode.incremental}:
            yield f"The stream {name} has no full refresh: select the sync mode incremental for it."


def _used_members(entry: Any) -> Any:
    """Return the entry with the members that this source uses, and constants for others that the CDK requires.

    Some runners omit the others, or have values for them that the CDK does not know.
    """
    stream = entry.get("stream") if isinstance(entry, dict) else None
    if not isinstance(stream, dict):
        return entry
    used = {key: stream[key] for key in ("name", "namespace") if key in stream}
    used |= {"json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {key: entry[key] for key in ("sync_mode", "include_files") if key in entry}
    return {**chosen, "stream": used, "destination_sync_mode": "append"}


def _state_content(path: str) -> Any:
    try:
        return read_json(path, "--state")
    except EmptyFile:  # `/dev/null`, or what `touch` made before the first sync
        return None


def _state(entry: Any) -> AirbyteStateMessage:
    is_message = isinstance(entry, dict) and entry.get("type") == "STATE"
    return AirbyteStateMessageSerializer.load(entry.get("state") if is_message else entry)


def _of_each_stream(state: AirbyteStateMessage) -> list[AirbyteStateMessage]:
    """Return one state per stream of a GLOBAL state. Its shared state is dropped: this source never writes one."""
    if state.global_ is None or state.type is AirbyteStateType.STREAM:
        return [state]
    return [AirbyteStateMessage(AirbyteStateType.STREAM, stream) for stream in state.global_.stream_states]


def _without_namespaces(states: list[AirbyteStateMessage]) -> list[AirbyteStateMessage]:
    """Remove the namespaces that a runner added: the source has none, and the CDK would ignore such states.

    The last state of a stream counts, so those with a namespace come first.
    """
    ordered = sorted(states, key=lambda state: not (state.stream and state.stream.stream_descriptor.namespace))
    for state in ordered:
        if state.stream:
            state.stream.stream_descriptor.namespace = None
    return ordered


def _is_nested_deeper_than(levels: int, content: Any) -> bool:
    """Return whether the content is nested more than `levels` deep: the CDK copies states by recursion."""
    layer = [content]
    for _ in range(levels):
        layer = [child for parent in layer for child in _children(parent)]
    return bool(layer)


def _children(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _place(error: SchemaValidationError) -> str:
    """Return the place of the error; the error's text would repeat the file's content."""
    path = error.errors[0].instance_path.replace("/", ".")
    return f": {path} is missing or wrong" if path else ""
