"""docs/openapi.yaml agrees with the sandbox, the manifest and the stream schemas, and names the source of each fact.

`make openapi` validates it as OpenAPI, and compares the sandbox's answers with it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from integration_tests.openapi.description import PATH, for_sandbox, nameless, operations, read
from powerschool_enrollment_api.address import DEFAULT_BASE_URL
from powerschool_enrollment_sandbox.district.documents import CONTAINER
from powerschool_enrollment_sandbox.http.routes import API, OPEN
from unit_tests.source.test_manifest import RESOLVED, SCHEMAS

DOCUMENT = read()
COMPONENTS = DOCUMENT["components"]["schemas"]
COMPONENT_OF = {
    "published_actions": "PublishedAction",
    "import_schemas": "ImportSchema",
    "roster_records": "EnrollmentRecord",
    "roster_record_details": "EnrollmentRecord",
    "submission_records": "EnrollmentRecord",
    "submission_record_details": "EnrollmentRecord",
    "delivery_targets": "DeliveryTarget",
    "batches": "ListedBatch",
    "open_batches": "ListedBatch",
    "delivered_records": "DeliveredRecord",
    "checklists": "Checklist",
    "checklist_details": "ChecklistDetails",
    "checklist_entries": "ChecklistEntry",
}
MADE_BY_THE_CONNECTOR = {"documents"}
# An object of the description states a fact about the service if it has one of these keys.
FACT_KEYS = {"operationId", "in", "type", "oneOf", "url", "scheme", "content"}

each_stream = pytest.mark.parametrize("stream", COMPONENT_OF)
each_wire = pytest.mark.parametrize("wire", ["observed", "documented"])


def parts(node: Any, place: str = "#") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each object of the description with its place, without the examples."""
    if isinstance(node, dict):
        yield place, node
        for name, part in node.items():
            if name not in {"example", "examples"}:
                yield from parts(part, f"{place}/{name}")
    elif isinstance(node, list):
        for number, part in enumerate(node):
            yield from parts(part, f"{place}/{number}")


def sources(part: Mapping[str, Any]) -> set[str]:
    stated = part.get("x-source", [])
    return {stated} if isinstance(stated, str) else set(stated)


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return COMPONENTS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def types(schema: Mapping[str, Any]) -> set[str]:
    stated = schema["type"]
    return {stated} if isinstance(stated, str) else set(stated)


def disagreements(stream: Mapping[str, Any], component: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield each field that only one of the schemas has, or whose types differ. Only the stream may add null."""
    component = resolved(component)
    if types(stream) - {"null"} != types(component) - {"null"} or types(component) - types(stream):
        yield f"{place}: {types(stream)} in the stream, {types(component)} in the description"
    fields, described = stream.get("properties", {}), component.get("properties", {})
    for name in fields.keys() | described.keys():
        if name not in fields:
            yield f"{place}/{name}: not in the stream"
        elif name in described:
            yield from disagreements(fields[name], described[name], f"{place}/{name}")
        elif "Added by the connector" not in fields[name]["description"]:
            yield f"{place}/{name}: not in the description"
    for nested in ("items", "additionalProperties"):
        if isinstance(stream.get(nested), dict) and isinstance(component.get(nested), dict):
            yield from disagreements(stream[nested], component[nested], f"{place}/{nested}")


def schema_of(stream: str) -> dict[str, Any]:
    return json.loads(next(path for path in SCHEMAS if path.stem == stream).read_text())


@each_stream
def test_stream_schema_has_the_fields_and_types_of_the_description(stream):
    assert list(disagreements(schema_of(stream), COMPONENTS[COMPONENT_OF[stream]])) == []


def test_every_stream_with_fields_of_the_service_is_compared():
    assert {path.stem for path in SCHEMAS} == COMPONENT_OF.keys() | MADE_BY_THE_CONNECTOR


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"grade": {"type": "integer"}}, "/grade: "),
        ({"newField": {"type": "string"}}, "/newField: not in the stream"),
        ({"tags": {"type": "array", "items": {"type": "integer"}}}, "/tags/items: "),
    ],
)
def test_comparison_finds_changed_types_and_new_fields(change, found):
    record = COMPONENTS["EnrollmentRecord"]
    changed = {**record, "properties": {**record["properties"], **change}}
    (disagreement,) = disagreements(schema_of("roster_records"), changed)
    assert disagreement.startswith(found)


def test_comparison_finds_a_field_that_only_the_stream_has():
    record = COMPONENTS["EnrollmentRecord"]
    fewer = {name: field for name, field in record["properties"].items() if name != "grade"}
    found = disagreements(schema_of("roster_records"), {**record, "properties": fewer})
    assert list(found) == ["/grade: not in the description"]


def test_description_has_the_endpoints_of_the_sandbox():
    # The storage's address is not an endpoint of the API, and `/healthz` is the same endpoint as `/api/healthz`.
    extra = {("GET", "/healthz"), ("GET", f"/{CONTAINER}/{{}}")}
    assert operations(DOCUMENT) | extra == {(endpoint.method, nameless(endpoint.path)) for endpoint in (*API, *OPEN)}


def test_page_states_the_number_of_operations():
    assert f"all {len(operations(DOCUMENT))} operations" in PATH.with_suffix(".md").read_text()


def test_description_has_every_path_of_the_manifest():
    paths = {path for _, part in parts(RESOLVED["streams"]) if (path := part.get("$parameters", {}).get("path"))}
    described = {path for _, path in operations(DOCUMENT)}
    assert paths
    # The manifest writes the flag of open batches as a constant.
    assert {re.sub(r"{{.*?}}|(?<=/)true$", "{}", path.strip()) for path in paths} <= described


def test_description_names_the_default_address_first():
    assert DOCUMENT["servers"][0]["url"] == DEFAULT_BASE_URL


def test_every_fact_names_its_source():
    # The schema of a parameter or an answer belongs to the fact that contains it. Links only repeat other facts.
    facts = [
        (place, part)
        for place, part in parts(DOCUMENT)
        if part.keys() & FACT_KEYS and not place.endswith("/schema") and "/links/" not in place
    ]
    assert facts
    assert [place for place, part in facts if not sources(part)] == []


def test_sources_are_documentation_observed_or_assumed():
    assert {source for _, part in parts(DOCUMENT) for source in sources(part)} == {
        "documentation",
        "observed",
        "assumed",
    }


@each_wire
def test_each_choice_has_one_shape_in_each_wire_format(wire):
    strict = for_sandbox(DOCUMENT, wire)
    marked = {part["x-wire"] for _, part in parts(strict) if "x-wire" in part}
    choices = [part["oneOf"] for _, part in parts(strict) if "oneOf" in part]
    assert marked == {wire}
    assert choices
    assert all(len(choice) == 1 for choice in choices)


@pytest.mark.parametrize("name", COMPONENTS)
def test_examples_are_valid(name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    for example in COMPONENTS[name].get("examples", []):
        Draft202012Validator(schema).validate(example)
    for field in COMPONENTS[name].get("properties", {}).values():
        validator = Draft202012Validator({**field, "components": DOCUMENT["components"]})
        for example in field.get("examples", []):
            validator.validate(example)
