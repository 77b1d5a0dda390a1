"""The detail streams over a socket: parallel requests, selected forms, and records that were removed or fail."""

from collections import Counter
from itertools import islice

import pytest

from integration_tests.connector import run_source
from powerschool_enrollment_sandbox import Change, District, Fault, running_sandbox
from source_powerschool_enrollment.circuit_breaker import MOST_FAILURES

WORKERS = 6


@pytest.fixture(params=["observed"])
def sandbox(request):
    district = District.generate(forms=2, roster_records_per_form=70, submission_records_per_form=60)
    with running_sandbox(district=district, wire=request.param, latency_ms=30) as running:
        yield running


@pytest.fixture
def config(sandbox):
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "num_workers": WORKERS, "page_size": 5}


def catalog(*names):
    return {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {"type": "object"}, "supported_sync_modes": ["full_refresh"]},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
            for name in names
        ]
    }


def ids(outcome, name):
    return [record["id"] for record in outcome.records(name)]


def every_id(sandbox):
    return [record_id for form in sandbox.district.forms.values() for record_id in form.roster.ids()]


def statuses(outcome):
    return {
        trace["stream_status"]["stream_descriptor"]["name"]: trace["stream_status"]["status"]
        for trace in outcome.of_type("TRACE")
        if trace["type"] == "STREAM_STATUS"
    }


@pytest.mark.parametrize("sandbox", ["observed", "documented"], indirect=True)
def test_details_of_selected_forms_and_records_are_read_in_parallel_without_removed_ones(sandbox, config):
    form = sandbox.district.forms[max(sandbox.district.forms)]
    ((status, _),) = Counter(record["status"] for record in form.submissions).most_common(1)
    wanted = {record["id"] for record in form.submissions if record["status"] == status}
    gone = set(islice(wanted, 2))
    for record_id in gone:
        sandbox.faults.add(Fault("status", path=f"/submissionrecords/{record_id}", status=404))
    config["published_actions"] = {"mode": "ids", "ids": [form.id]}
    config["record_search"] = [{"parameter": "status", "value": status}]
    outcome = run_source("read", config=config, catalog=catalog("submission_record_details"))
    assert (outcome.exit_code, outcome.errors) == (0, [])
    records = outcome.records("submission_record_details")
    assert {record["id"] for record in records} == wanted - gone
    assert {record["published_action_id"] for record in records} == {form.id}
    assert "submission_record_details: skipped a record that was removed during the read (2 times)." in outcome.warnings
    assert sandbox.journal.max_concurrent == WORKERS


def test_each_page_and_each_record_is_requested_once(sandbox, config):
    outcome = run_source("read", config=config, catalog=catalog("roster_record_details", "roster_records"))
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    for name in ("roster_record_details", "roster_records"):
        assert sorted(ids(outcome, name)) == sorted(every_id(sandbox))
    requested = Counter(entry.path for entry in sandbox.journal.entries("GET", "/rosterrecords/{id}"))
    assert set(requested.values()) == {1}
    pages = Counter(entry.path + entry.query for entry in sandbox.journal.entries("GET", "*/rosterrecords"))
    assert (len(pages), set(pages.values())) == (28, {2})  # once for each of the two streams


def test_details_equal_the_records_of_the_list(config):
    outcome = run_source("read", config=config, catalog=catalog("submission_record_details", "submission_records"))
    details = {record["id"]: record for record in outcome.records("submission_record_details")}
    listed = {record.pop("id"): record for record in outcome.records("submission_records")}
    for record_id, record in listed.items():
        del record["synced_at"]
        assert {**record, "id": record_id} == details[record_id]
    assert len(details) == 120


@pytest.mark.parametrize("change", [{"remove": 1}, {"insert": 1}], ids=["pages move up", "pages move down"])
def test_record_that_moves_during_the_read_is_requested_once(sandbox, config, change):
    before = set(every_id(sandbox))
    sandbox.changes.add(Change(path="*/rosterrecords", every=4, where="start", times=4, **change))
    outcome = run_source("read", config=config, catalog=catalog("roster_record_details"))
    assert (outcome.exit_code, outcome.errors) == (0, [])
    assert before != set(every_id(sandbox))
    assert before & set(every_id(sandbox)) <= set(ids(outcome, "roster_record_details"))
    requested = Counter(entry.path for entry in sandbox.journal.entries("GET", "/rosterrecords/{id}"))
    assert set(requested.values()) == {1}


def test_a_detail_that_cannot_be_read_fails_its_stream_and_the_others_finish(sandbox, config):
    refused = every_id(sandbox)[3]
    sandbox.faults.add(Fault("status", path=f"/rosterrecords/{refused}", status=400))
    names = ("roster_record_details", "submission_record_details")
    outcome = run_source("read", config=config, catalog=catalog(*names))
    assert outcome.exit_code == 1
    assert statuses(outcome) == {"roster_record_details": "INCOMPLETE", "submission_record_details": "COMPLETE"}
    assert sorted([*ids(outcome, "roster_record_details"), refused]) == sorted(every_id(sandbox))
    assert len(ids(outcome, "submission_record_details")) == 120


def test_a_list_that_cannot_be_read_fails_the_stream(sandbox, config):
    form = max(sandbox.district.forms)
    sandbox.faults.add(Fault("status", path=f"/publishedactions/{form}/rosterrecords", skip=3, status=400))
    outcome = run_source("read", config=config, catalog=catalog("roster_record_details", "published_actions"))
    assert outcome.exit_code == 1
    assert statuses(outcome) == {"roster_record_details": "INCOMPLETE", "published_actions": "COMPLETE"}


def test_circuit_breaker_stops_a_stream_whose_records_all_fail(sandbox, config):
    sandbox.faults.add(Fault("status", path="/rosterrecords/*", status=400))
    outcome = run_source("read", config=config, catalog=catalog("roster_record_details"))
    assert outcome.exit_code == 1
    requested = sandbox.journal.count("GET", "/rosterrecords/*")
    assert MOST_FAILURES <= requested < MOST_FAILURES + 2 * WORKERS
    message = f"roster_record_details: {MOST_FAILURES} requests in a row have failed; no more are sent."
    assert message in outcome.warnings
