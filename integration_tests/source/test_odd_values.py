"""An odd JSON value in any field of any stream affects only that value: the record stays, and a loss is counted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from integration_tests.connector import configured_catalog, run_source
from powerschool_enrollment_sandbox import District, running_sandbox

# The path in the documentation whose answers hold the stream's records.
ROUTES = {
    "published_actions": "/publishedactions",
    "import_schemas": "/publishedactions/{id}/importschemas",
    "roster_records": "/publishedactions/{id}/rosterrecords",
    "submission_records": "/publishedactions/{id}/submissionrecords",
    "roster_record_details": "/rosterrecords/{id}",
    "submission_record_details": "/submissionrecords/{id}",
    "delivery_targets": "/deliverytargets",
    "batches": "/deliverytargets/{id}/getbatches/{date}",
    "open_batches": "/deliverytargets/{id}/getbatches/{date}/{getAutoOpen}",
    "checklists": "/checklists",
    "checklist_details": "/checklists/{id}",
    "checklist_entries": "/checklists/{id}/checklistentries",
}
ADDED = {"id", "published_action_id", "delivery_target_id", "checklist_id", "synced_at"}
DEEP = json.loads('{"a":' * 100 + "[]" + "}" * 100)
VALUES = [None, True, 7, 10**15, 1.5, "text", "", [], [None, 1, "a", [], {}], {}, {"a": None, "b": [1]}, DEEP]
INCREMENTAL = {"roster_records", "submission_records", "batches"}


@pytest.fixture(scope="module", params=["observed", "documented"])
def sandbox(request):
    district = District.generate(
        forms=13,
        roster_records_per_form=2,
        submission_records_per_form=2,
        checklists=13,
        delivery_targets=13,
        data_items=2,
    )
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


def records_of(payload: Any) -> Iterator[dict[str, Any]]:
    """Yield the records of an answer: a page of them, a list, or one."""
    for part in payload if isinstance(payload, list) else [payload]:
        yield from part["records"] if "metaData" in part or "metadata" in part else [part]


def with_odd_values(record: dict[str, Any], fields: list[str], turn: int) -> dict[str, Any]:
    """Return the record with a different odd value in each field. Each turn starts with another value."""
    return {**record, **{field: VALUES[(turn + place) % len(VALUES)] for place, field in enumerate(fields)}}


@pytest.mark.parametrize("name", ROUTES)
def test_any_value_in_any_field_keeps_the_record(sandbox, streams, name):
    properties = streams[name]["json_schema"]["properties"]
    fields = [*sorted(properties.keys() - ADDED), "somethingNew"]
    turns: dict[str, int] = {}

    def on_answer(entry, payload):
        if entry.route == ROUTES[name]:
            for record in records_of(payload):
                turn = turns.setdefault(f"{entry.path} {record['id']}", len(turns))
                record.update(with_odd_values(record, fields, turn))
        return payload

    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": 20}
    sandbox.on_answer = None
    expected = run_source("read", config=config, catalog=configured_catalog(streams, [name]))
    sandbox.on_answer = on_answer
    modes = ["full_refresh", *(["incremental"] if name in INCREMENTAL else [])]
    outcomes = [run_source("read", config=config, catalog=configured_catalog(streams, [name], mode)) for mode in modes]
    for outcome in outcomes:
        records = outcome.records(name)
        assert (outcome.exit_code, outcome.errors) == (0, [])
        assert "Traceback" not in outcome.stdout + outcome.stderr
        assert sorted(keys(records)) == sorted(keys(expected.records(name)))
        for field in fields[:-1]:
            assert_has_type(records, field, properties[field]["type"])
            assert_is_counted(outcome, field, properties[field])
    assert len({json.dumps(sorted(map(without_times, outcome.records(name)))) for outcome in outcomes}) == 1


def keys(records):
    return [(record["id"], *(record.get(field) for field in sorted(ADDED - {"id", "synced_at"}))) for record in records]


def without_times(record):
    return json.dumps({field: value for field, value in record.items() if field != "synced_at"}, sort_keys=True)


def assert_has_type(records, field, types):
    """Check the field's own type; the entries of lists are kept as they were sent."""
    validator = Draft7Validator({"type": types})
    assert [field for record in records for _ in validator.iter_errors(record.get(field))] == []


def assert_is_counted(outcome, field, schema):
    loses_values = schema.get("format") or "string" not in schema["type"]
    warned = any(f"{field} does not have the type" in warning for warning in outcome.warnings)
    assert warned == bool(loses_values)
