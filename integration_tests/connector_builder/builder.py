"""Runs a manifest as the Connector Builder does, and as Airbyte runs a connector that was published from it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from airbyte_cdk.connector_builder.connector_builder_handler import create_source, get_limits
from airbyte_cdk.connector_builder.main import handle_connector_builder_request
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.test.models.scenario import ExpectedOutcome

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "connector_builder" / "manifest.yaml").read_text())
STREAMS = [stream["$ref"].rpartition("/")[2] for stream in MANIFEST["streams"]]


def catalog_of(names: Sequence[str], sync_mode: str = "full_refresh") -> ConfiguredAirbyteCatalog:
    """Return a configured catalog of these streams."""
    modes = ["full_refresh", "incremental"]
    return ConfiguredAirbyteCatalogSerializer.load(
        {
            "streams": [
                {
                    "stream": {"name": name, "json_schema": {}, "supported_sync_modes": modes},
                    "sync_mode": sync_mode,
                    "destination_sync_mode": "append",
                }
                for name in names
            ]
        }
    )


def call_builder(
    command: str, config: Mapping[str, Any], manifest: Mapping[str, Any], stream: str | None = None, **flags: bool
) -> AirbyteMessage:
    """Send a request to the Connector Builder's server, in this process. `flags` are those of its user interface."""
    config = {**config, **flags, "__injected_declarative_manifest": copy.deepcopy(manifest), "__command": command}
    catalog, limits = catalog_of([stream]) if stream else None, get_limits(config)
    source = create_source(config, limits, catalog, [])
    return handle_connector_builder_request(source, command, config, catalog, [], limits)


def shown_by_test_read(config: Mapping[str, Any], manifest: Mapping[str, Any], stream: str) -> dict[str, Any]:
    """Return what the Builder shows after a click on Test: slices, pages, requests, responses and records."""
    answer = call_builder("test_read", config, manifest, stream)
    assert answer.record, answer.trace
    return answer.record.data


def pages_of(shown: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each page of a test read."""
    for shown_slice in shown["slices"]:
        yield from shown_slice["pages"]


def declarative_source(
    config: Mapping[str, Any],
    catalog: ConfiguredAirbyteCatalog | None = None,
    state: list[AirbyteStateMessage] | None = None,
) -> ConcurrentDeclarativeSource:
    """Return the connector that Airbyte runs after the manifest was published, with only the catalog's streams.

    The CDK builds all streams of a manifest. With the catalog's streams only, a short read takes half of the time.
    """
    manifest = copy.deepcopy(MANIFEST)
    if catalog:
        names = {configured.stream.name for configured in catalog.streams}
        manifest["streams"] = [each for name, each in zip(STREAMS, manifest["streams"], strict=True) if name in names]
    return ConcurrentDeclarativeSource(catalog, config, state, source_config=manifest)


def read_manifest(
    config: Mapping[str, Any],
    *names: str,
    sync_mode: str = "full_refresh",
    state: list[AirbyteStateMessage] | None = None,
) -> EntrypointOutput:
    """Read streams with the published connector. A failed read is returned, too: the output contains its errors."""
    catalog = catalog_of(names, sync_mode)
    source = declarative_source(config, catalog, state)
    return entrypoint_wrapper.read(source, config, catalog, state, expected_outcome=ExpectedOutcome.ALLOW_ANY)


def records_of(output: EntrypointOutput, stream: str) -> list[dict[str, Any]]:
    """Return a stream's records, without the fields that are null: the CDK leaves them out when it writes records."""
    return [
        {name: value for name, value in message.record.data.items() if value is not None}
        for message in output.records
        if message.record.stream == stream
    ]


def without_synced_at(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record without the time at which it was read."""
    return {name: value for name, value in record.items() if name != "synced_at"}


def in_order(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the records sorted by id, without the time of the read, so that two reads can be compared."""
    return sorted(
        map(without_synced_at, records), key=lambda record: (str(record["id"]), json.dumps(record, sort_keys=True))
    )
