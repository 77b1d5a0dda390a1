"""What the platform configured: the streams whose rows will come, read from the catalog file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_api import InvalidOption

StreamId = tuple[str | None, str]
"""Namespace and name."""


@dataclass(frozen=True)
class ConfiguredStream:
    """One stream of the configured catalog.

    `columns` holds the JSON schema of each declared column, `primary_key` the columns of the configured
    primary key, `object_name` the destination object that a data activation connection maps it to.
    """

    name: str
    namespace: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    primary_key: tuple[str, ...] = ()
    overwrites: bool = False
    object_name: str | None = None

    @property
    def id(self) -> StreamId:
        """What a record or a state names the stream by."""
        return (self.namespace, self.name)


def parse_catalog(raw: Any) -> list[ConfiguredStream]:
    """Return the configured streams. Raises InvalidOption if `raw` is no configured catalog."""
    try:
        return [_stream(configured) for configured in raw["streams"]]
    except (AttributeError, IndexError, KeyError, TypeError):
        raise InvalidOption("The file given with --catalog is not a configured catalog.") from None


def describe(stream: StreamId) -> str:
    """Return the stream's name for a message, its namespace included."""
    namespace, name = stream
    return f"{namespace}.{name}" if namespace else name


def _stream(configured: Mapping[str, Any]) -> ConfiguredStream:
    stream = configured["stream"]
    schema = stream.get("json_schema") or {}
    primary_key = configured.get("primary_key") or stream.get("source_defined_primary_key") or ()
    return ConfiguredStream(
        name=stream["name"],
        namespace=stream.get("namespace"),
        columns=schema.get("properties") or {},
        primary_key=tuple(path[0] for path in primary_key),
        overwrites=str(configured.get("destination_sync_mode", "")).startswith("overwrite"),
        object_name=configured.get("destination_object_name"),
    )
