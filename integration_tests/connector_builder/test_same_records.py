"""The Connector Builder's manifest reads the same records as the Python source."""

import json

import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer

from integration_tests.connector import read_streams
from integration_tests.connector_builder.builder import (
    STREAMS,
    in_order,
    read_manifest,
    records_of,
)


@pytest.fixture(scope="module")
def both(options):
    """All records of each stream, read by the manifest and by the Python source."""
    from_manifest = read_manifest(options, *STREAMS)
    from_python = read_streams(options, *STREAMS)
    assert from_manifest.errors == from_python.errors == []
    return {name: (in_order(records_of(from_manifest, name)), in_order(from_python.records(name))) for name in STREAMS}


@pytest.mark.parametrize("name", STREAMS)
def test_every_record_equals_the_python_sources_field_by_field(both, name):
    from_manifest, from_python = both[name]
    assert from_python or name == "open_batches"
    assert from_manifest == from_python


def test_the_records_of_record_lists_have_the_time_at_which_they_were_read(options):
    for name in ("roster_records", "submission_records"):
        from_manifest = records_of(read_manifest(options, name), name)[0]["synced_at"]
        from_python = read_streams(options, name).records(name)[0]["synced_at"]
        assert len(from_manifest) == len(from_python) == len("2026-11-26T02:15:00.000000Z")


def test_batches_continue_from_the_state_of_either_source(options):
    first = read_manifest(options, "batches", sync_mode="incremental")
    state = [AirbyteStateMessageSerializer.dump(first.state_messages[-1].state)]
    python_state = [{**read_streams(options, "batches", sync_mode="incremental").states[-1]}]
    expected = read_streams(options, "batches", sync_mode="incremental", state=state).records("batches")
    assert 0 < len(expected) < len(first.records)
    for saved in (state, python_state):
        messages = [AirbyteStateMessageSerializer.load(message) for message in json.loads(json.dumps(saved))]
        again = read_manifest(options, "batches", sync_mode="incremental", state=messages)
        assert in_order(records_of(again, "batches")) == in_order(expected)


def test_only_the_forms_of_the_chosen_years_are_read(service, options):
    year = next(form.academic_year for form in service.district.forms.values())
    chosen = {form.id for form in service.district.forms.values() if form.academic_year == year}
    output = read_manifest({**options, "academic_years": [year]}, "published_actions", "roster_records")
    assert {record["published_action_id"] for record in records_of(output, "roster_records")} == chosen
    assert len(records_of(output, "published_actions")) == len(service.district.forms)


def test_the_list_ends_at_the_page_count_of_the_answer(small_service, small_options):
    small_service.settings.page_size_cap = 2
    records = records_of(read_manifest({**small_options, "page_size": 1000}, "roster_records"), "roster_records")
    assert len(records) == 10
    assert len({record["id"] for record in records}) == 10


TIMES = [
    "2011-06-08T16:53:05",
    "2011-06-08T16:53:05Z",
    "2011-06-08T16:53:05.123",
    "2011-06-08T16:53:05+02:00",
    "2011-06-08 16:53",
    "2011-06-08",
    "",
    None,
    "yesterday",
    "06/08/2011",
    "2011-13-08T16:53:05",
    "2011-06-08T25:53:05",
    7,
    {"time": "2011-06-08T16:53:05"},
]


def test_times_and_dates_of_any_format_equal_those_of_the_python_source(small_service, small_options):
    def on_answer(entry, payload):
        if entry.path.endswith("/rosterrecords"):
            page = payload[0] if isinstance(payload, list) else payload
            page["records"] = [
                {"id": number, "submitted": sent, "dateOfBirth": sent} for number, sent in enumerate(TIMES)
            ]
        return payload

    small_service.on_answer = on_answer
    assert_both_read_the_same(small_options, "roster_records")


ITEMS = [
    {"dateCompleted": "02/03/2015"},
    {"dateCompleted": "2/3/2015", "adminNote": "'\"{{ 1 }}\né\\"},
    {"dateCompleted": "2015-02-03"},
    {"dateCompleted": ""},
    {"dateCompleted": None},
    {},
    "text",
    7,
    None,
    [],
]


@pytest.mark.parametrize("items", [ITEMS, [], None, "text", 7, {"dateCompleted": "02/03/2015"}], ids=repr)
def test_checklist_items_of_any_shape_equal_those_of_the_python_source(small_service, small_options, items):
    def on_answer(entry, payload):
        if entry.path.endswith("/checklistentries"):
            payload[0]["checklistItems"] = items
        return payload

    small_service.on_answer = on_answer
    assert_both_read_the_same(small_options, "checklist_entries")


def assert_both_read_the_same(options, name):
    output = read_manifest(options, name)
    assert output.errors == []
    assert in_order(records_of(output, name)) == in_order(read_streams(options, name).records(name))
