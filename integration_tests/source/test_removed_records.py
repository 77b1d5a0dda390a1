"""The option `detect_removed_records` over a socket: what makes a tombstone, what never does, and what it costs."""

import json
from datetime import datetime, timezone

import pytest
from airbyte_cdk.sources.types import Record

from integration_tests.connector import configured_catalog, discovered_streams, run_source
from integration_tests.source.stream_read import read_stream
from powerschool_enrollment_sandbox import Change, District, Fault, running_sandbox

DELETED_AT = "_ab_cdc_deleted_at"
STREAMS = ("roster_records", "submission_records")


@pytest.fixture(scope="module", params=["observed", "documented"])
def running(request):
    with running_sandbox(wire=request.param) as sandbox:
        yield sandbox


def small_district(roster=12, **plan):
    return District.generate(
        forms=2, roster_records_per_form=roster, submission_records_per_form=6, data_items=3, approved_waiting=0, **plan
    )


@pytest.fixture
def sandbox(running):
    running.district = small_district()
    yield running
    running.faults.clear()
    running.changes.clear()
    running.on_answer = running.on_request = None


@pytest.fixture
def forms(sandbox):
    return list(sandbox.district.forms.values())


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch, caplog):
    monkeypatch.setenv("POWERSCHOOL_ENROLLMENT_RETRY_SECONDS", "0")
    caplog.set_level("WARNING", "airbyte")


@pytest.fixture
def options(sandbox):
    return {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "page_size": 5,
        "detect_removed_records": True,
    }


@pytest.fixture
def read(sandbox, options):
    """Read one record stream incrementally from the outcome of an earlier read, by default with the option."""

    def read(before=None, *, name="roster_records", **changed):
        sandbox.journal.clear()
        return read_stream({**options, **changed}, name, before.state if before else [])

    return read


def tombstones(outcome):
    return [record for record in outcome.records if DELETED_AT in record]


def removed_ids(outcome):
    return sorted(record["id"] for record in tombstones(outcome))


def look_ups(sandbox, name="rosterrecords"):
    return sandbox.journal.count("GET", f"/{name}/*")


def remove(records, *places):
    """Remove the records at these places, and return them."""
    return [records.remove(record_id) for record_id in [records.ids()[place] for place in places]]


@pytest.mark.parametrize("name", STREAMS)
def test_removed_record_gets_a_tombstone_with_its_key_and_the_time(sandbox, forms, read, name):
    records = {"roster_records": forms[0].roster, "submission_records": forms[0].submissions}[name]
    first = read(name=name)
    (removed,) = remove(records, 2)
    began = datetime.now(timezone.utc)
    second = read(first, name=name)
    (tombstone,) = tombstones(second)
    assert second.errors == []
    assert began <= datetime.fromisoformat(tombstone[DELETED_AT].replace("Z", "+00:00")) <= datetime.now(timezone.utc)
    assert tombstone == {
        "id": removed["id"],
        "published_action_id": forms[0].id,
        "synced_at": tombstone[DELETED_AT],
        DELETED_AT: tombstone[DELETED_AT],
    }
    assert tombstones(read(second, name=name)) == []
    assert look_ups(sandbox, name.replace("_", "")) == 0


def test_restored_record_is_emitted_in_full_without_the_field(forms, read):
    first = read()
    (removed,) = remove(forms[0].roster, 2)
    second = read(first)
    forms[0].roster.put(removed, 2)
    third = read(second)
    (record,) = [record for record in third.records if record["id"] == removed["id"]]
    assert removed_ids(second) == [removed["id"]]
    assert DELETED_AT not in record
    assert record["dataItems"] == removed["dataItems"]
    assert record["synced_at"] > tombstones(second)[0]["synced_at"]


def test_field_is_declared_only_with_the_option(sandbox):
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
    for name in STREAMS:
        properties = [
            run_source("discover", config={**config, "detect_removed_records": detect}).catalog[name]["json_schema"]
            for detect in (True, False)
        ]
        assert properties[0]["properties"].keys() - properties[1]["properties"].keys() == {DELETED_AT}
        assert properties[0]["properties"][DELETED_AT]["airbyte_type"] == "timestamp_with_timezone"


def test_without_the_option_nothing_is_looked_up_and_no_id_is_stored(sandbox, forms, read):
    first = read(detect_removed_records=False)
    remove(forms[0].roster, 2)
    second = read(first, detect_removed_records=None)
    assert (tombstones(second), look_ups(sandbox)) == ([], 0)
    assert first.states[-1].keys() == second.states[-1].keys() == {"settings", "published_actions"}


def test_unchanged_sync_sends_the_requests_of_one_without_the_option(sandbox, read):
    first = read()
    second = read(first)
    requests = sandbox.journal.count()
    assert (second.records, second.states[-1]) == ([], first.states[-1])
    read(first, detect_removed_records=False)
    assert sandbox.journal.count() == requests


def test_full_refresh_looks_up_nothing(sandbox, forms, options):
    catalog = configured_catalog(discovered_streams(), ["roster_records"])
    first = run_source("read", config=options, catalog=catalog)
    remove(forms[0].roster, 2)
    second = run_source("read", config=options, catalog=catalog, state=first.states)
    assert (len(first.records("roster_records")), len(second.records("roster_records"))) == (24, 23)
    assert look_ups(sandbox) == 0


def test_state_without_ids_is_a_baseline(sandbox, forms, read):
    older = read(detect_removed_records=False)
    remove(forms[0].roster, 2)
    second = read(older)
    (later,) = remove(forms[0].roster, 2)
    assert (tombstones(second), look_ups(sandbox)) == ([], 0)
    assert removed_ids(read(second)) == [later["id"]]


def test_option_that_was_off_for_a_sync_starts_with_a_baseline(sandbox, forms, read):
    first = read()
    off = read(first, detect_removed_records=False)
    remove(forms[0].roster, 2)
    assert (tombstones(read(off)), look_ups(sandbox)) == ([], 0)


def test_other_page_size_keeps_the_ids(forms, read):
    first = read()
    (removed,) = remove(forms[0].roster, 2)
    assert removed_ids(read(first, page_size=3)) == [removed["id"]]


def test_other_search_starts_with_a_baseline(sandbox, forms, read):
    first = read()
    status = next(iter(forms[0].roster))["status"]
    second = read(first, record_search=[{"parameter": "status", "value": status}])
    assert 0 < len(second.records) < 24
    assert (tombstones(second), look_ups(sandbox)) == ([], 0)
    assert (tombstones(read(second)), look_ups(sandbox)) == ([], 0)


def test_record_that_the_search_no_longer_finds_is_looked_up_once(sandbox, forms, read):
    record = next(iter(forms[0].roster))
    search = [{"parameter": "status", "value": record["status"]}]
    first = read(record_search=search)
    forms[0].roster.edit(record["id"], status="Moved away")
    second = read(first, record_search=search)
    assert (tombstones(second), look_ups(sandbox)) == ([], 1)
    assert (tombstones(read(second, record_search=search)), look_ups(sandbox)) == ([], 0)


def test_key_of_another_district_starts_with_a_baseline(sandbox, read):
    first = read()
    sandbox.settings.api_key, before = "other-key", sandbox.settings.api_key
    sandbox.district = small_district(roster=1)
    try:
        second = read(first, api_key="other-key")
    finally:
        sandbox.settings.api_key = before
    assert (second.errors, tombstones(second), look_ups(sandbox)) == ([], [], 0)
    assert before not in json.dumps(first.states[-1])


def test_form_that_is_not_selected_any_more_produces_no_tombstone(sandbox, forms, read):
    first = read()
    (removed,) = remove(forms[1].roster, 2)
    second = read(first, published_actions={"mode": "ids", "ids": [forms[0].id]})
    assert (tombstones(second), look_ups(sandbox)) == ([], 0)
    assert removed_ids(read(second)) == [removed["id"]]


def test_removed_form_produces_a_tombstone_for_each_record(sandbox, forms, read):
    first = read()
    ids = forms[1].roster.ids()
    sandbox.district.remove_form(forms[1].id)
    second = read(first)
    assert removed_ids(second) == ids
    assert str(forms[1].id) not in json.dumps(second.states[-1])


def test_record_that_moved_to_another_form_is_not_looked_up(sandbox, forms, read):
    first = read()
    (moved,) = remove(forms[0].roster, 2)
    forms[1].roster.put(moved, 0)
    second = read(first)
    assert (tombstones(second), look_ups(sandbox)) == ([], 0)
    assert moved["id"] in [record["id"] for record in second.records]


def test_record_that_moved_to_an_unselected_form_is_looked_up_once(sandbox, forms, read):
    selected = {"mode": "ids", "ids": [forms[0].id]}
    first = read(published_actions=selected)
    (moved,) = remove(forms[0].roster, 2)
    forms[1].roster.put(moved, 0)
    second = read(first, published_actions=selected)
    assert (tombstones(second), look_ups(sandbox)) == ([], 1)
    assert (tombstones(read(second, published_actions=selected)), look_ups(sandbox)) == ([], 0)


def test_record_that_no_list_shows_is_looked_up_at_most_twice(sandbox, forms, read):
    """A read may miss a record that moves in between. If it is removed then, only a second look-up detects that."""
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


def without(record_id, answer):
    """Return a page without this record, as if it had fewer records."""
    envelope = answer[0] if isinstance(answer, list) and answer and "records" in answer[0] else answer
    if isinstance(envelope, dict) and any(record["id"] == record_id for record in envelope["records"]):
        envelope["records"] = [record for record in envelope["records"] if record["id"] != record_id]
    return answer


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
def test_answer_that_does_not_show_the_record_proves_nothing(sandbox, forms, read, answer):
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


def test_failed_stream_produces_no_tombstone(sandbox, forms, read):
    first = read()
    (removed,) = remove(forms[0].roster, 2)
    sandbox.faults.add(Fault("status", path=f"/publishedactions/{forms[1].id}/rosterrecords", status=400))
    failed = read(first)
    sandbox.faults.clear()
    assert (len(failed.errors), tombstones(failed), look_ups(sandbox)) == (1, [], 0)
    assert removed_ids(read(failed)) == [removed["id"]]


def test_form_with_pages_in_doubt_produces_no_tombstone(sandbox, forms, read, caplog):
    first = read()
    (removed,) = remove(forms[0].roster, 2)
    (other,) = remove(forms[1].roster, 2)
    path = f"/publishedactions/{forms[0].id}/rosterrecords"
    sandbox.changes.add(Change(path=path, insert=1, where="start"))
    second = read(first, num_workers=1)
    sandbox.changes.clear()
    assert "pages are in doubt" in caplog.text
    assert removed_ids(second) == [other["id"]]
    assert removed_ids(read(second)) == [removed["id"]]


def test_unusual_number_of_missing_records_is_a_warning_and_is_looked_up(sandbox, read, caplog):
    sandbox.district = small_district(roster=300)
    first = read(page_size=100)
    form = next(iter(sandbox.district.forms.values()))
    ids = sorted(record["id"] for record in remove(form.roster, *range(101)))
    second = read(first, page_size=100)
    assert f"101 of 300 records of form {form.id} are on no page" in caplog.text
    assert removed_ids(second) == ids


def test_detail_endpoint_that_finds_no_record_at_all_produces_no_tombstones(sandbox, read, caplog):
    """An unusual number of removed records is believed only if a record that a page shows is found, too."""
    sandbox.district = small_district(roster=300)
    first = read(page_size=100)
    form = next(iter(sandbox.district.forms.values()))
    ids = sorted(record["id"] for record in remove(form.roster, *range(101)))
    sandbox.faults.add(Fault("status", path="/rosterrecords/*", status=404))
    second = read(first, page_size=100)
    sandbox.faults.clear()
    assert tombstones(second) == []
    assert "(101 times)" in caplog.text
    assert removed_ids(read(second, page_size=100)) == ids


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


def test_state_without_the_pages_precedes_the_tombstones_and_one_without_the_ids_follows(forms, read):
    first = read()
    remove(forms[0].roster, 10, 11)  # the whole last page: no other page changes
    second = read(first)
    kinds = ["tombstone" if isinstance(message, Record) else "state" for message in second.messages]
    before, after = second.states[kinds.index("tombstone") - 1], second.states[-1]
    form = str(forms[0].id)
    assert kinds.count("tombstone") == 2
    assert kinds[-1] == "state"
    assert len(before["published_actions"][form]) < len(first.states[-1]["published_actions"][form])
    assert before["record_ids"] == first.states[-1]["record_ids"] != after["record_ids"]


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
