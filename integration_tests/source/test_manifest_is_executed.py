"""The manifest declares only what runs: a component that raises an error fails the stream that names it."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer, FailureType
from airbyte_cdk.sources.declarative.extractors import RecordSelector
from airbyte_cdk.sources.declarative.incremental import ConcurrentPerPartitionCursor
from airbyte_cdk.sources.declarative.partition_routers import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.retrievers import SimpleRetriever
from airbyte_cdk.sources.declarative.schema import JsonFileSchemaLoader
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.models.scenario import ExpectedOutcome
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.connector import configured_catalog, run_source
from powerschool_enrollment_sandbox import District, running_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from unit_tests.source.test_manifest import RESOLVED

STREAMS = {stream["$parameters"]["name"]: stream for stream in RESOLVED["streams"]}
# The method that a read calls, for each type of component that the manifest uses.
METHODS = {
    "CustomRequester": "send_request",
    "CustomRecordExtractor": "extract_records",
    "CustomRecordFilter": "filter_records",
    "CustomTransformation": "transform",
    "CustomPartitionRouter": "stream_slices",
    "SimpleRetriever": (SimpleRetriever, "read_records"),
    "RecordSelector": (RecordSelector, "select_records"),
    "SubstreamPartitionRouter": (SubstreamPartitionRouter, "stream_slices"),
    "DatetimeBasedCursor": (ConcurrentPerPartitionCursor, "stream_slices"),
    "JsonFileSchemaLoader": (JsonFileSchemaLoader, "get_json_schema"),
}
# They contain components, and do nothing themselves.
CONTAINERS = {"DeclarativeStream", "ParentStreamConfig", "MinMaxDatetime"}


def components(node: Any) -> Iterator[tuple[type, str]]:
    """Yield class and method of each component in a part of the manifest."""
    if isinstance(node, list):
        for entry in node:
            yield from components(entry)
    if isinstance(node, dict):
        if "type" in node and node["type"] not in CONTAINERS:
            yield class_and_method(node)
        for entry in node.values():
            yield from components(entry)


def class_and_method(component: dict[str, Any]) -> tuple[type, str]:
    if "class_name" not in component:
        return METHODS[component["type"]]
    module, _, name = component["class_name"].rpartition(".")
    return getattr(importlib.import_module(module), name), METHODS[component["type"]]


CASES = [
    pytest.param(name, component, id=f"{name}-{component[0].__name__}")
    for name, stream in STREAMS.items()
    for component in dict.fromkeys(components(stream))
]


@pytest.fixture(scope="module")
def config():
    district = District.generate(forms=1, roster_records_per_form=2, submission_records_per_form=2, checklist_entries=2)
    with running_sandbox(district=district) as sandbox:
        yield {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


@pytest.fixture(scope="module")
def streams(config):
    return run_source("discover", config=config).catalog


def read(config, streams, name):
    catalog = ConfiguredAirbyteCatalogSerializer.load(configured_catalog(streams, [name]))
    source = SourcePowerschoolEnrollment(catalog, config, [])
    return entrypoint_wrapper.read(source, config, catalog, expected_outcome=ExpectedOutcome.ALLOW_ANY)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_without_errors(config, streams, name):
    output = read(config, streams, name)
    assert output.errors == []
    assert output.records


@pytest.mark.parametrize(("name", "component"), CASES)
def test_a_component_that_fails_fails_its_stream(config, streams, monkeypatch, name, component):
    def fail(*_arguments, **_options):
        raise AirbyteTracedException("it was called", failure_type=FailureType.config_error)

    monkeypatch.setattr(*component, fail)
    assert read(config, streams, name).errors
