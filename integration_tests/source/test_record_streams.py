"""The record streams over a socket: one request per page, only changed pages, and errors that fail a stream."""

import base64
import gc
import json
import logging
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timezone
from itertools import islice

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from integration_tests.connector import configured_catalog, run_source
from powerschool_enrollment_sandbox import Change, Fault
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from source_powerschool_enrollment.records import backpressure

ROSTER = "/publishedactions/{id}/rosterrecords"


@pytest.fixture
def prepare(streams, config):
    """Return config, catalog and state of a sync of roster records with these options."""

    def files(state=None, *, names=("roster_records",), sync_mode="incremental", **options):
        return {
            "config": {**config, "page_size": 20, **options},
            "catalog": configured_catalog(streams, names, sync_mode),
            "state": state or [],
        }

    return files


@pytest.fixture
def read(prepare):
    """Read roster records with the arguments of `prepare`."""
    return lambda *args, **options: run_source("read", **prepare(*args, **options))


def last_state(outcome):
    state = outcome.states[-1]
    return [{"type": state["type"], "stream": state["stream"]}]


def pages_known(state):
    known = state[0]["stream"]["stream_state"]["published_actions"]
    return {form: len(base64.b64decode(pages)) // 9 for form, pages in known.items()}


def ids(outcome, name="roster_records"):
    return [record["id"] for record in outcome.records(name)]


def every_id(sandbox):
    return sorted(record_id for form in sandbox.district.forms.values() for record_id in form.roster.ids())


def test_the_record_streams_can_be_read_incrementally_by_synced_at(streams):
    for name in ("roster_records", "submission_records"):
        assert streams[name]["supported_sync_modes"] == ["full_refresh", "incremental"]
        assert streams[name]["source_defined_cursor"] is True
        assert streams[name]["default_cursor_field"] == ["synced_at"]
        assert streams[name]["source_defined_primary_key"] == [["id"]]


@pytest.mark.parametrize("workers", [1, 2, 8, 32])
def test_each_page_of_an_unchanged_form_is_requested_once_by_num_workers(sandbox, prepare, workers):
    sandbox.settings.latency_ms = 25 * workers
    outcome = run_source("read", **prepare(names=("roster_records", "submission_records"), num_workers=workers))
    requested = Counter((entry.path, entry.query) for entry in sandbox.journal.entries("GET", "/publishedactions/*"))
    assert outcome.exit_code == 0
    assert sorted(ids(outcome)) == every_id(sandbox)
    assert set(requested.values()) == {1}
    assert sandbox.journal.count("GET", ROSTER) == 3 * 7
    assert sandbox.journal.count("GET", "/publishedactions") == 2
    assert sandbox.journal.max_concurrent <= workers
    assert sandbox.journal.max_concurrent >= min(workers, 16)


def test_estimate_has_the_expected_number_of_rows(sandbox, read):
    outcome = read(sync_mode="full_refresh")
    (estimate,) = [trace["estimate"] for trace in outcome.of_type("TRACE") if trace["type"] == "ESTIMATE"]
    assert estimate == {"name": "roster_records", "type": "STREAM", "row_estimate": len(every_id(sandbox))}


def test_record_contains_the_time_of_its_read(read):
    before = datetime.now(timezone.utc)
    outcome = read()
    for record in outcome.records("roster_records"):
        assert (
            before <= datetime.fromisoformat(record["synced_at"].replace("Z", "+00:00")) <= datetime.now(timezone.utc)
        )


def test_unchanged_records_are_not_emitted_again(read):
    first = read()
    second = read(last_state(first))
    assert (second.exit_code, ids(second)) == (0, [])
    assert last_state(second) == last_state(first)


def test_only_the_page_of_an_edited_record_is_emitted_again(sandbox, read):
    first = read()
    roster = next(iter(sandbox.district.forms.values())).roster
    roster.edit(roster.ids()[45], status="Held")
    second = read(last_state(first))
    assert ids(second) == roster.ids()[40:60]
    assert second.records("roster_records")[5]["status"] == "Held"


def test_the_state_takes_at_most_sixteen_bytes_a_page_and_two_hundred_a_form(read):
    state = last_state(read(page_size=2))
    known = pages_known(state)
    assert set(known.values()) == {65}
    assert len(json.dumps(state[0]["stream"]["stream_state"])) <= 16 * sum(known.values()) + 200 * len(known)


def test_all_states_together_grow_no_faster_than_the_pages(read):
    outcome = read(page_size=1)
    pages = sum(pages_known(last_state(outcome)).values())
    assert sum(len(json.dumps(state)) for state in outcome.states) <= 16 * pages * 22


def test_all_records_are_emitted_again_after_a_change_of_the_page_size(sandbox, read):
    first = read()
    assert sorted(ids(read(last_state(first), page_size=30))) == every_id(sandbox)
    sandbox.settings.page_size_cap = 7
    assert sorted(ids(read(last_state(first)))) == every_id(sandbox)


def test_all_records_are_emitted_again_after_a_change_of_the_search(sandbox, read):
    first = read()
    roster = next(iter(sandbox.district.forms.values())).roster
    status = roster[roster.ids()[0]]["status"]
    found = read(last_state(first), record_search=[{"parameter": "status", "value": status}])
    assert ids(found)
    assert {record["status"] for record in found.records("roster_records")} == {status}


def test_form_selected_later_is_read_in_full_and_others_are_not_repeated(sandbox, read):
    one, other, _ = sandbox.district.forms
    first = read(published_actions={"mode": "ids", "ids": [one]})
    second = read(last_state(first), published_actions={"mode": "ids", "ids": [one, other]})
    assert sorted(ids(second)) == sorted(sandbox.district.forms[other].roster.ids())


def test_a_full_refresh_ignores_the_state(sandbox, read):
    outcome = read(last_state(read()), sync_mode="full_refresh")
    assert sorted(ids(outcome)) == every_id(sandbox)


def test_state_of_a_full_refresh_skips_nothing(sandbox, read):
    outcome = read(last_state(read(sync_mode="full_refresh")))
    assert sorted(ids(outcome)) == every_id(sandbox)


def test_a_page_that_vanished_is_removed_from_the_state(sandbox, read):
    first = read()
    form = next(iter(sandbox.district.forms.values()))
    for record_id in form.roster.ids()[50:]:
        form.roster.remove(record_id)
    second = read(last_state(first))
    assert pages_known(last_state(second))[str(form.id)] == 3


@pytest.mark.parametrize("sync_mode", ["incremental", "full_refresh"])
def test_form_that_changes_during_the_read_needs_few_more_requests(sandbox, read, sync_mode):
    there = set(every_id(sandbox))
    form = next(iter(sandbox.district.forms))
    # The fourth request of a form: its first page was answered before, with another count.
    path = f"/publishedactions/{form}/rosterrecords"
    sandbox.changes.add(Change(path=path, every=4, remove=1, where="start", times=1))
    outcome = read(sync_mode=sync_mode, num_workers=2)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert set(every_id(sandbox)) <= set(ids(outcome)) <= there
    assert 21 < sandbox.journal.count("GET", ROSTER) <= 21 + 8


def test_a_form_that_is_removed_while_it_is_read_is_a_counted_warning(sandbox, read):
    gone, *stay = sandbox.district.forms

    def remove(entry):
        if entry.path == f"/publishedactions/{gone}/rosterrecords" and gone in sandbox.district.forms:
            sandbox.district.remove_form(gone)

    sandbox.on_request = remove
    outcome = read()
    assert outcome.exit_code == 0
    assert [warning for warning in outcome.warnings if "a form was removed during the read (once)" in warning]
    assert sorted(ids(outcome)) == sorted(id_ for form in stay for id_ in sandbox.district.forms[form].roster.ids())


def test_missing_page_of_a_listed_form_fails_only_its_stream(sandbox, prepare):
    form = next(iter(sandbox.district.forms))
    sandbox.faults.add(Fault("status", path=f"/publishedactions/{form}/rosterrecords", status=404))
    outcome = run_source("read", **prepare(names=("roster_records", "submission_records")))
    assert outcome.exit_code == 1
    assert "not found" in outcome.errors[0]["message"]
    assert ids(outcome, "submission_records")
    statuses = {
        trace["stream_status"]["stream_descriptor"]["name"]: trace["stream_status"]["status"]
        for trace in outcome.of_type("TRACE")
        if trace["type"] == "STREAM_STATUS"
    }
    assert statuses == {"roster_records": "INCOMPLETE", "submission_records": "COMPLETE"}


def test_records_that_are_claimed_and_not_shown_are_an_error(sandbox, read):
    sandbox.faults.add(Fault("without_records", path="*/rosterrecords"))
    outcome = read()
    assert outcome.exit_code == 1
    assert "claims" in outcome.errors[0]["message"]


def test_records_emitted_by_a_failed_sync_are_not_emitted_again(sandbox, read):
    last = list(sandbox.district.forms)[-1]
    fault = Fault("status", path=f"/publishedactions/{last}/rosterrecords", status=404)
    sandbox.faults.add(fault)
    failed = read(num_workers=1)
    sandbox.faults.clear()
    resumed = read(last_state(failed))
    assert failed.exit_code == 1
    assert sorted(ids(failed) + ids(resumed)) == every_id(sandbox)
    assert ids(failed)


def test_missing_configured_form_is_a_config_error(read):
    outcome = read(published_actions={"mode": "ids", "ids": [404404]})
    assert outcome.exit_code == 1
    assert outcome.errors[0]["failure_type"] == "config_error"
    assert "404404" in outcome.errors[0]["message"]


@pytest.mark.parametrize("kind", ["truncate", "drop", "without_records"])
def test_no_value_of_a_record_is_logged_at_any_level(sandbox, prepare, kind):
    roster = next(iter(sandbox.district.forms.values())).roster
    for record_id in roster.ids():
        roster.edit(record_id, firstName="Xylophonia")
    sandbox.faults.add(Fault(kind, path="*/rosterrecords", times=2))
    outcome = run_source("read", debug=True, **prepare())
    output = [line for line in (outcome.stdout + outcome.stderr).splitlines() if '"type":"RECORD"' not in line]
    assert outcome.records("roster_records") or outcome.errors
    assert [line for line in output if "Xylophonia" in line] == []


@pytest.mark.parametrize("taken", [1, 60])
def test_a_reader_that_stops_half_way_leaves_no_thread_behind(prepare, monkeypatch, taken):
    monkeypatch.setattr(backpressure, "_LEAST_RECORDS", 200)  # so that back-pressure makes threads wait
    files = prepare(names=["roster_records", "submission_records"], sync_mode="full_refresh")
    catalog = ConfiguredAirbyteCatalogSerializer.load(files["catalog"])
    others = set(threading.enumerate())
    source = SourcePowerschoolEnrollment(catalog, files["config"])
    with closing(source.read(logging.getLogger("airbyte"), files["config"], catalog)) as messages:
        assert len(list(islice(messages, taken))) == taken
        workers = [thread for thread in set(threading.enumerate()) - others if thread.name.startswith("workerpool")]
        assert workers
    del messages, source
    deadline = time.monotonic() + 30
    while (alive := [thread for thread in workers if thread.is_alive()]) and time.monotonic() < deadline:
        gc.collect()  # the CDK does not shut its thread pool down: the collector ends the idle threads
        alive[0].join(0.1)
    assert not alive
