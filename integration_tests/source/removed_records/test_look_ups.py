"""The option `detect_removed_records` over a socket: which records are looked up, and what each answer means."""

import json

import pytest

from integration_tests.connector import configured_catalog, discovered_streams, run_source
from integration_tests.source.removed_records.tombstones import (
    DELETED_AT,
    look_ups,
    remove,
    removed_ids,
    small_district,
    tombstones,
    without,
)
from powerschool_enrollment_sandbox import Fault


def test_record_that_no_list_shows_is_looked_up_at_most_twice(sandbox, forms, read):
    """A read may miss a record that moves to another page. Only a second look-up detects that it is removed later."""
    first = read()
    hidden = forms[0].roster.ids()[2]
    sandbox.on_answer = lambda entry, answer: without(hidden, answer) if "publishedactions" in entry.path else answer
    second = read(first)
    assert (tombstones(second), look_ups(sandbox)) == ([], 1)
    third = read(second)
    assert (tombstones(third), look_ups(sandbox)) == ([], 1)
    assert (tombstones(read(third)), look_ups(sandbox)) == ([], 0)
    remove(forms[0].roster, 2)
    assert removed_ids(read(second)) == [hidden]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 410},
        {"kind": "status", "status": 200, "body": "html"},
        {"kind": "drop"},
    ],
    ids=lambda fault: str(fault.get("status", fault["kind"])),
)
def test_failing_look_up_keeps_the_id_and_is_a_counted_warning(sandbox, forms, read, fault, caplog):
    first = read()
    ids = sorted(record["id"] for record in remove(forms[0].roster, 2, 4))
    sandbox.faults.add(Fault(path="/rosterrecords/*", **fault))
    second = read(first)
    sandbox.faults.clear()
    assert (second.errors, tombstones(second)) == ([], [])
    assert "could not be looked up; the next sync tries again (2 times)" in caplog.text
    assert removed_ids(read(second)) == ids


@pytest.mark.parametrize("answer", [[], {"id": 1}, [{"id": 1}], {}, {"message": "gone"}], ids=json.dumps)
def test_answer_that_does_not_show_the_record_gives_no_tombstone(sandbox, forms, read, answer):
    first = read()
    (removed,) = remove(forms[0].roster, 2)
    forms[0].roster.put(removed, 2)
    hidden = removed["id"]

    def without_record(entry, content):
        return answer if entry.path.startswith("/rosterrecords/") else without(hidden, content)

    sandbox.on_answer = without_record
    second = read(first)
    assert (second.errors, tombstones(second), look_ups(sandbox)) == ([], [], 1)
    sandbox.on_answer = None
    remove(forms[0].roster, 2)
    assert removed_ids(read(second)) == [hidden]


def test_look_ups_end_after_ten_failures_in_a_row(sandbox, read, caplog):
    sandbox.district = small_district(roster=60)
    first = read()
    roster = next(iter(sandbox.district.forms.values())).roster
    ids = sorted(record["id"] for record in remove(roster, *range(60)))
    sandbox.faults.add(Fault("status", path="/rosterrecords/*", status=503))
    second = read(first, num_workers=2)
    assert 10 <= look_ups(sandbox) <= 10 + 4
    assert "(60 times)" in caplog.text
    sandbox.faults.clear()
    assert removed_ids(read(second)) == ids


def test_unusual_number_of_missing_records_is_a_warning_and_is_looked_up(sandbox, read, caplog):
    sandbox.district = small_district(roster=300)
    first = read(page_size=100)
    form = next(iter(sandbox.district.forms.values()))
    ids = sorted(record["id"] for record in remove(form.roster, *range(101)))
    second = read(first, page_size=100)
    assert f"101 of 300 records of form {form.id} are on no page" in caplog.text
    assert removed_ids(second) == ids


@pytest.mark.parametrize(("roster", "removed"), [(300, [101, 0]), (60, [52, 52])], ids=["one form", "all forms"])
def test_detail_endpoint_that_finds_no_record_at_all_produces_no_tombstones(sandbox, read, caplog, roster, removed):
    """Many answers with 404 are accepted only if the detail endpoint finds a record that a page shows."""
    sandbox.district = small_district(roster=roster)
    first = read(page_size=100)
    forms = zip(sandbox.district.forms.values(), removed, strict=True)
    ids = sorted(record["id"] for form, number in forms for record in remove(form.roster, *range(number)))
    sandbox.faults.add(Fault("status", path="/rosterrecords/*", status=404))
    second = read(first, page_size=100)
    sandbox.faults.clear()
    assert tombstones(second) == []
    assert f"({len(ids)} times)" in caplog.text
    assert "the detail endpoint finds none of 2 records that pages show" in caplog.text
    assert removed_ids(read(second, page_size=100)) == ids


def test_service_that_shows_no_record_at_all_produces_no_tombstones(sandbox, read, caplog):
    """A key that lost its rights gets empty lists, and 404 for each record."""
    sandbox.district = small_district(roster=60)
    first = read(page_size=100)
    sandbox.on_answer = lambda entry, answer: [] if entry.path.endswith("/rosterrecords") else answer
    sandbox.faults.add(Fault("status", path="/rosterrecords/*", status=404))
    second = read(first, page_size=100)
    assert (tombstones(second), look_ups(sandbox)) == ([], 0)
    warning = "roster_records: no page of any form shows a record, and earlier syncs read 120. None of them counts"
    assert [line[: len(warning)] for line in caplog.messages] == [warning]
    sandbox.faults.clear()
    sandbox.on_answer = None
    removed = remove(next(iter(sandbox.district.forms.values())).roster, 7)
    assert removed_ids(read(second, page_size=100)) == [record["id"] for record in removed]


def test_records_of_a_purged_season_are_removed_when_the_first_new_one_is_shown(sandbox, read):
    sandbox.district = small_district(roster=60)
    first = read(page_size=100)
    rosters = [form.roster for form in sandbox.district.forms.values()]
    purged = sorted(record["id"] for roster in rosters for record in remove(roster, *range(60)))
    second = read(first, page_size=100)
    third = read(second, page_size=100)
    assert (tombstones(second), tombstones(third), look_ups(sandbox)) == ([], [], 0)
    assert second.states[-1] == third.states[-1]
    rosters[0].insert()
    assert removed_ids(read(third, page_size=100)) == purged


def test_look_ups_are_concurrent_up_to_num_workers(sandbox, forms, read):
    first = read()
    remove(forms[0].roster, *range(8))
    sandbox.settings.latency_ms = 50
    try:
        second = read(first, num_workers=3)
    finally:
        sandbox.settings.latency_ms = 0
    assert (len(tombstones(second)), look_ups(sandbox)) == (8, 8)
    times = [(entry.began, entry.ended) for entry in sandbox.journal.entries("GET", "/rosterrecords/*")]
    at_once = max(sum(began <= other < ended for began, ended in times) for other, _ in times)
    assert 2 <= at_once <= 3


def test_no_value_of_a_record_is_logged(sandbox, forms, read, options):
    for record_id in forms[0].roster.ids():
        forms[0].roster.edit(record_id, {"stu_Xylophonia": "Xylophonia"}, firstName="Xylophonia")
    first = read()
    hidden = forms[0].roster.ids()[2]
    remove(forms[0].roster, 5)
    sandbox.on_answer = lambda entry, answer: without(hidden, answer) if "publishedactions" in entry.path else answer
    sandbox.faults.add(Fault("broken_json", path=f"/rosterrecords/{hidden}"))
    catalog = configured_catalog(discovered_streams(), ["roster_records"], "incremental")
    stream = {"stream_descriptor": {"name": "roster_records"}, "stream_state": first.states[-1]}
    state = [{"type": "STREAM", "stream": stream}]
    second = run_source("read", debug=True, config=options, catalog=catalog, state=state)
    printed = [line for line in (second.stdout + second.stderr).splitlines() if '"type":"RECORD"' not in line]
    assert [record["id"] for record in second.records("roster_records") if DELETED_AT in record]
    assert [warning for warning in second.warnings if "could not be looked up" in warning]
    assert [line for line in printed if "Xylophonia" in line or sandbox.api_key in line] == []
