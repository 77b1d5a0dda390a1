"""The manifest: no key is misspelt, no answer is cached on disk, and each stream has a schema."""

import dataclasses
import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.sources.declarative.models import declarative_component_schema as models
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from source_powerschool_enrollment import SourcePowerschoolEnrollment
from source_powerschool_enrollment.source import MANIFEST

RESOLVED = ManifestReferenceResolver().preprocess_manifest(safe_load_yaml(MANIFEST.read_text()))
SPEC = RESOLVED["spec"]["connection_specification"]
SCHEMAS = sorted((MANIFEST.parent / "schemas").glob("*.json"))


def components(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "type" in node and node is not SPEC and isinstance(node["type"], str) and hasattr(models, node["type"]):
            yield node
        for key, value in node.items():
            if key != "connection_specification":
                yield from components(value)
    elif isinstance(node, list):
        for item in node:
            yield from components(item)


def known_keys(component: dict[str, Any]) -> set[str]:
    # A source with static streams is the first of the two kinds that the CDK distinguishes.
    model = getattr(models, component["type"].replace("DeclarativeSource", "DeclarativeSource1"))
    keys = {name for field in model.__fields__.values() for name in (field.name, field.alias)}
    if "class_name" in component:
        module, _, name = component["class_name"].rpartition(".")
        keys |= {field.name for field in dataclasses.fields(getattr(importlib.import_module(module), name))}
    return keys | {"$parameters", "use_cache"}


def test_the_cdk_knows_every_key_of_every_component():
    misspelt = {
        (component["type"], key)
        for component in components(RESOLVED)
        for key in component.keys() - known_keys(component)
    }
    assert misspelt == set()


def test_a_misspelt_key_would_be_found():
    component = {"type": "DatetimeBasedCursor", "cursor_feild": "date"}
    assert component.keys() - known_keys(component) == {"cursor_feild"}


def test_every_requester_disables_the_disk_cache():
    requesters = [component for component in components(RESOLVED) if component["type"] == "CustomRequester"]
    assert requesters
    assert all(requester["use_cache"] is False for requester in requesters)


def test_parameters_have_only_name_and_path():
    carried = {frozenset(component["$parameters"]) for component in components(RESOLVED) if "$parameters" in component}
    assert carried == {frozenset({"name", "path"})}


def test_every_stream_has_a_schema_and_every_schema_a_stream():
    deliveries = {"mode": "consume", "delivery_target_ids": [1], "start_date": "2026-08-01"}
    config = {"api_key": "sandbox-key", "deliveries": deliveries, "documents": [{"field": "doc_BirthCertificate"}]}
    names = {stream.name for stream in SourcePowerschoolEnrollment(config=config).streams(config)}
    assert {path.stem for path in SCHEMAS} == names


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}{name}", field
        yield from fields(field, f"{path}{name}.")
        yield from fields(field.get("items", {}), f"{path}{name}.")


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_field_of_every_schema_is_described(path):
    schema = json.loads(path.read_text())
    assert schema["description"]
    assert [name for name, field in fields(schema) if not field.get("description")] == []
    assert schema["additionalProperties"] is True
