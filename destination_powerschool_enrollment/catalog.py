"""The configured catalog: the streams whose rows the sync receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_api import InvalidOption

StreamId = tuple[str | None, str]
"""Namespace and name."""

_FORM = (
    'A configured catalog has the form {"streams": [{"stream": {"name": …, "json_schema": …}, "sync_mode": …, '
    '"destination_sync_mode": …, "primary_key": [["…"]]}]}.'
)
_NAMES_OF_THE_API = frozenset({"config", "syncMode", "destinationSyncMode", "primaryKey", "jsonSchema"})


@dataclass(frozen=True)
class ConfiguredStream:
    """One stream of the configured catalog.

    `columns` maps each declared column to its JSON schema, `primary_key` lists the columns of the configured
    primary key, and `object_name` is the destination object that a data activation connection maps the stream to.
    `destination_sync_mode` may be any text: the preflight rejects unsupported modes.
    `is_refreshed`: the runner wants the rows of earlier syncs removed, in any mode.
    """

    name: str
    namespace: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()
    destination_sync_mode: str = "append"
    object_name: str | None = None
    is_refreshed: bool = False

    @property
    def id(self) -> StreamId:
        """Return the identity by which rows and states refer to the stream."""
        return (self.namespace, self.name)


def parse_catalog(raw: Mapping[str, Any], name: str = "The catalog") -> list[ConfiguredStream]:
    """Return the configured streams. Raises InvalidOption if the catalog is not valid; the message calls it `name`."""
    if _is_discovered(raw):
        raise InvalidOption(f"{name} is a catalog as discover prints it, not a configured one. {_FORM}")
    entries = raw.get("streams")
    if not isinstance(entries, list):
        raise InvalidOption(f"{name} is not a configured catalog: it has no list of streams. {_FORM}")
    if any(map(_has_names_of_the_api, entries)):
        # The sync mode is under another name there. Without it, a stream of deletions would be imported.
        raise InvalidOption(f"{name} is a catalog of Airbyte's API, not of its protocol. {_FORM}")
    return [_stream_at(position, entry, name) for position, entry in enumerate(entries)]


def stream_id(namespace: object, name: object) -> StreamId:
    """Return the identity of a stream. Raises TypeError if its namespace or its name is not text.

    An empty namespace counts as missing, because sources, states and catalogs use both for the same stream.
    """
    if not isinstance(name, str) or not isinstance(namespace, str | None):
        raise TypeError("a stream's name and namespace are text")
    return (namespace or None, name)


def describe(stream: StreamId) -> str:
    """Return the stream's name with its namespace, for a message."""
    namespace, name = stream
    return f"{namespace}.{name}" if namespace else name


def _is_discovered(raw: Mapping[str, Any]) -> bool:
    """Return whether `raw` is the output of `discover`: the complete message, or the catalog in it."""
    if not raw.keys().isdisjoint({"catalog", "destination_catalog"}):
        return True
    entries = raw.get("streams")
    first = entries[0] if isinstance(entries, list) and entries else None
    return isinstance(first, Mapping) and "name" in first and "stream" not in first


def _has_names_of_the_api(entry: Any) -> bool:
    members = [entry, entry.get("stream")] if isinstance(entry, Mapping) else []
    return any(not _NAMES_OF_THE_API.isdisjoint(member) for member in members if isinstance(member, Mapping))


def _stream_at(position: int, entry: Any, name: str) -> ConfiguredStream:
    try:
        return _stream(entry)
    except (AttributeError, IndexError, KeyError, TypeError):
        problem = f"{name} is not a configured catalog: its entry streams.{position} is not valid. {_FORM}"
        raise InvalidOption(problem) from None


def _stream(configured: Mapping[str, Any]) -> ConfiguredStream:
    stream = configured["stream"]
    schema = stream.get("json_schema") or {}
    namespace, name = stream_id(stream.get("namespace"), stream["name"])
    return ConfiguredStream(
        name=name,
        namespace=namespace,
        columns=schema.get("properties") or {},
        primary_key=_primary_key(configured.get("primary_key") or stream.get("source_defined_primary_key") or []),
        destination_sync_mode=str(configured.get("destination_sync_mode") or "append"),
        object_name=configured.get("destination_object_name"),
        is_refreshed=_is_refreshed(configured),
    )


def _primary_key(paths: Any) -> tuple[str, ...]:
    """Return the columns. Raises TypeError for a flat list: the first letter of each name would be taken for a key."""
    if not isinstance(paths, list) or not all(isinstance(path, list) and isinstance(path[0], str) for path in paths):
        raise TypeError("a primary key is a list of paths, which are lists of names")
    return tuple(path[0] for path in paths)


def _is_refreshed(configured: Mapping[str, Any]) -> bool:
    """Return whether rows of earlier generations are to be removed. PyAirbyte sends 1 for all three in every sync."""
    oldest, *others = (configured.get(key) for key in ("minimum_generation_id", "generation_id", "sync_id"))
    return isinstance(oldest, int) and oldest > 0 and [oldest, *others] != [1, 1, 1]
