"""The Connector Builder's manifest: its components, and what the Builder shows of its streams."""

import json

import pytest
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver

from integration_tests.connector_builder.builder import (
    MANIFEST,
    STREAMS,
    call_builder,
    declarative_source,
    pages_of,
    shown_by_test_read,
    without_synced_at,
)
from unit_tests.source.test_manifest import components, known_keys

RESOLVED = ManifestReferenceResolver().preprocess_manifest(MANIFEST)
COMPONENTS = [*components({**RESOLVED, "spec": {}})]


def test_manifest_has_no_python_components():
    assert [component for component in COMPONENTS if "class_name" in component] == []


def test_the_cdk_knows_every_key_of_every_component():
    assert [key for component in COMPONENTS for key in component.keys() - known_keys(component)] == []


def test_no_parameter_leaks_into_other_components():
    assert [component for component in COMPONENTS if "$parameters" in component] == []


def test_no_requester_keeps_responses_on_disk():
    requesters = [component for component in COMPONENTS if component["type"] == "HttpRequester"]
    assert requesters
    assert all(requester["use_cache"] is False for requester in requesters)


def test_streams_schemas_and_primary_keys_equal_those_of_the_source(streams):
    config = {"api_key": "sandbox-key", "base_url": "https://registration.powerschool.com/api/v1"}
    catalog = declarative_source(config).discover(logger=None, config=config)
    found = {stream.name: (stream.json_schema, stream.source_defined_primary_key) for stream in catalog.streams}
    assert found == {
        name: (stream["json_schema"], stream["source_defined_primary_key"]) for name, stream in streams.items()
    }


def test_the_builder_resolves_every_stream(options):
    resolved = call_builder("resolve_manifest", options, MANIFEST).record.data["manifest"]
    assert [stream["name"] for stream in resolved["streams"]] == STREAMS
    full = call_builder("full_resolve_manifest", options, MANIFEST).record.data["manifest"]
    assert [stream["name"] for stream in full["streams"]] == STREAMS
    assert "$ref" not in json.dumps(full["streams"])


@pytest.mark.parametrize("name", STREAMS)
def test_a_test_read_shows_requests_responses_and_records(service, options, name):
    shown = shown_by_test_read(options, MANIFEST, name)
    assert [log["message"] for log in shown["logs"] if log["level"] in {"WARN", "ERROR", "FATAL"}] == []
    pages = [*pages_of(shown)]
    assert pages
    for page in pages:
        assert page["request"]["http_method"] == "GET"
        assert page["request"]["url"].startswith(service.base_url)
        assert page["response"]["status"] == 200
        assert json.loads(page["response"]["body"])
    assert any(page["records"] for page in pages)


def test_a_test_read_shows_each_page_of_a_form(options):
    first, *_ = shown_by_test_read(options, MANIFEST, "roster_records")["slices"]
    assert [len(page["records"]) for page in first["pages"]] == [10, 10, 3]


def test_migrated_and_normalized_manifest_reads_the_same_records(options):
    flags = {"__should_migrate": True, "__should_normalize": True}
    kept = call_builder("resolve_manifest", options, MANIFEST, **flags).record.data["manifest"]
    assert kept != MANIFEST
    for name in ("import_schemas", "submission_records", "checklist_entries"):
        pages = [page["records"] for page in pages_of(shown_by_test_read(options, MANIFEST, name))]
        again = [page["records"] for page in pages_of(shown_by_test_read(options, _resolved(kept), name))]
        assert [[*map(without_synced_at, page)] for page in again] == [
            [*map(without_synced_at, page)] for page in pages
        ]


def _resolved(manifest):
    return ManifestReferenceResolver().preprocess_manifest(manifest)
