"""Every stream, over a socket, in both wire shapes: complete, typed, and valid by its schema."""

import pytest
from jsonschema import Draft7Validator, FormatChecker

from integration_tests.connector import configured_catalog, read_streams, run_source
from powerschool_enrollment_sandbox import District, running_sandbox


@pytest.fixture(scope="module", params=["observed", "documented"])
def everything(request, small_district, streams):
    """One sync of every stream."""
    with running_sandbox(district=District.generate(**small_district), wire=request.param) as sandbox:
        config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": 50}
        outcome = run_source("read", config=config, catalog=configured_catalog(streams, list(streams)))
        yield sandbox, streams, outcome


def test_sync_succeeds_without_warnings(everything):
    _, _, outcome = everything
    assert (outcome.exit_code, outcome.errors, outcome.warnings) == (0, [], [])


def test_every_record_matches_its_schema(everything):
    _, streams, outcome = everything
    for name, stream in streams.items():
        validator = Draft7Validator(stream["json_schema"], format_checker=FormatChecker())
        problems = {error.json_path for record in outcome.records(name) for error in validator.iter_errors(record)}
        assert problems == set(), name


def test_every_stream_but_the_open_batches_has_records_with_unique_keys(everything):
    _, streams, outcome = everything
    for name, stream in streams.items():
        keys = [
            tuple(record[field] for (field,) in stream["source_defined_primary_key"])
            for record in outcome.records(name)
        ]
        assert keys or name == "open_batches"
        assert len(keys) == len(set(keys)), name


def test_every_key_lists_the_id_first(streams):
    """Some runners use only the first part of a key."""
    assert {name: stream["source_defined_primary_key"][0] for name, stream in streams.items()} == {
        name: ["id"] for name in streams
    }


@pytest.mark.parametrize("kind", ["roster", "submission"])
def test_every_record_of_every_form_arrives_in_lists_and_details(everything, kind):
    sandbox, _, outcome = everything
    lists = {"roster": "roster", "submission": "submissions"}
    there = {
        (form.id, record_id)
        for form in sandbox.district.forms.values()
        for record_id in getattr(form, lists[kind]).ids()
    }
    for stream in (f"{kind}_records", f"{kind}_record_details"):
        assert {(record["published_action_id"], record["id"]) for record in outcome.records(stream)} == there


def test_a_record_keeps_its_data_items_and_gets_typed_times(everything):
    sandbox, _, outcome = everything
    for record in outcome.records("submission_records"):
        sent = sandbox.district.submission_record(record["id"])
        assert record["dataItems"] == sent["dataItems"]
        assert record["submitted"] == f"{sent['submitted']}Z"
        assert record["dateOfBirth"] == sent["dateOfBirth"][:10]


def test_a_completed_checklist_item_gets_an_iso_date_beside_the_services_own(everything):
    _, _, outcome = everything
    items = [item for entry in outcome.records("checklist_entries") for item in entry["checklistItems"]]
    completed = [item for item in items if item["dateCompleted"]]
    assert completed
    for item in completed:
        month, day, year = item["dateCompleted"].split("/")
        assert item["date_completed"] == f"{year}-{month}-{day}"
    assert all(item["date_completed"] is None for item in items if not item["dateCompleted"])


def test_sync_sends_no_post(everything):
    sandbox, _, _ = everything
    assert sandbox.journal.count("POST") == 0


def test_only_the_selected_forms_are_read(sandbox, config):
    chosen, *_ = sandbox.district.forms
    config = {**config, "published_actions": {"mode": "ids", "ids": [chosen]}}
    outcome = read_streams(config, "published_actions", "import_schemas", "roster_records")
    assert len(outcome.records("published_actions")) == len(sandbox.district.forms)
    for name in ("import_schemas", "roster_records"):
        assert {record["published_action_id"] for record in outcome.records(name)} == {chosen}


def test_a_record_search_reaches_the_service(config):
    config = {**config, "record_search": [{"parameter": "grade", "value": "3"}]}
    records = read_streams(config, "roster_records").records("roster_records")
    assert records
    assert {record["grade"] for record in records} == {"3"}


def test_the_rate_limit_applies_to_the_whole_sync(sandbox, config):
    read_streams({**config, "requests_per_minute": 600, "num_workers": 8}, "import_schemas", "checklist_details")
    began = [entry.began for entry in sandbox.journal]
    assert len(began) >= 8
    assert began[-1] - began[0] >= 0.1 * (len(began) - 1) * 0.9


def test_batches_continue_from_the_last_sync(sandbox, config):
    first = read_streams(config, "batches", sync_mode="incremental")
    second = read_streams(config, "batches", sync_mode="incremental", state=first.states[-1:])
    there = sum(len(target.batches) for target in sandbox.district.delivery_targets.values())
    assert len(first.records("batches")) == there
    assert 0 < len(second.records("batches")) < there
    newest = max(record["date"] for record in first.records("batches"))
    assert newest in {record["date"] for record in second.records("batches")}


@pytest.mark.parametrize("earlier", ["incremental", "full_refresh"])
def test_full_refresh_does_not_continue_from_a_state(config, earlier):
    names = ["batches", "roster_records"]
    first = read_streams(config, *names, sync_mode=earlier)
    states = {state["stream"]["stream_descriptor"]["name"]: state for state in first.states}
    assert states.keys() == {*names}
    again = read_streams(config, *names, state=[*states.values()])
    for name in names:
        assert len(again.records(name)) == len(first.records(name)) > 1, name


def test_batches_before_the_first_date_are_not_read(config):
    newest = max(record["date"] for record in read_streams(config, "batches").records("batches"))[:10]
    outcome = read_streams({**config, "start_date": newest}, "batches")
    assert {record["date"][:10] for record in outcome.records("batches")} == {newest}
