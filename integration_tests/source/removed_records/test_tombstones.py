"""The option `detect_removed_records` over a socket: which records get a tombstone, and which never do."""

import json
from datetime import datetime, timezone

import pytest
from airbyte_cdk.sources.types import Record

from integration_tests.connector import configured_catalog, discovered_streams, run_source
from integration_tests.source.removed_records.tombstones import (
    DELETED_AT,
    look_ups,
    remove,
    removed_ids,
    small_district,
    tombstones,
)
from powerschool_enrollment_sandbox import Change, Fault

STREAMS = ("roster_records", "submission_records")


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
    assert first.states[-1].keys() == second.states[-1].keys() == {"settings", "published_actions", "synced_at"}


def test_unchanged_sync_sends_the_same_requests_as_without_the_option(sandbox, read):
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
