"""Answers that are wrong or odd, over a socket, in both wire shapes: nothing is lost without a word."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from integration_tests.connector import Outcome, configured_catalog, run_source
from powerschool_enrollment_api import envelope
from powerschool_enrollment_sandbox import District, running_sandbox

RECORDS, PAGE_SIZE = 35, 10
ROSTER = "/rosterrecords"


@pytest.fixture(params=["observed", "documented"])
def sandbox(request):
    district = District.generate(forms=1, roster_records_per_form=RECORDS, submission_records_per_form=3, data_items=2)
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture(params=["full_refresh", "incremental"])
def sync_mode(request):
    return request.param


@pytest.fixture
def read(sandbox, streams) -> Callable[..., Outcome]:
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": PAGE_SIZE}

    def run(*names: str, sync_mode: str = "full_refresh", state: Any = None) -> Outcome:
        catalog = configured_catalog(streams, names or ["roster_records"], sync_mode)
        return run_source("read", config=config, catalog=catalog, state=state or [])

    return run


def roster_ids(sandbox):
    (form,) = sandbox.district.forms.values()
    return sorted(form.roster.ids())


def envelope_of(payload):
    return payload[0] if isinstance(payload, list) else payload


def metadata_of(payload):
    return next(value for key, value in envelope_of(payload).items() if key.lower() == "metadata")


def on_pages(sandbox, change):
    """Let `change(page number, metadata, envelope)` change each page of the roster."""

    def on_answer(entry, payload):
        if entry.path.endswith(ROSTER) and payload:
            metadata = metadata_of(payload)
            change(metadata["page"], metadata, envelope_of(payload))
        return payload

    sandbox.on_answer = on_answer


def on_records(sandbox, change):
    """Let `change(record)` change each record of the roster's pages."""

    def change_all(_number, _metadata, envelope):
        for record in envelope["records"]:
            change(record)

    on_pages(sandbox, change_all)


def ids(outcome, name="roster_records"):
    return sorted(record["id"] for record in outcome.records(name))


def last_state(outcome):
    return [{"type": "STREAM", "stream": outcome.states[-1]["stream"]}]


# What the metadata of pages claims


@pytest.mark.parametrize("page_count", [1, 3])
def test_pages_beyond_a_page_count_that_is_too_small_are_read(sandbox, read, sync_mode, page_count):
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(pageCount=page_count))
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert ids(outcome) == roster_ids(sandbox)


def test_unchanged_pages_beyond_the_page_count_are_not_emitted_again(sandbox, read):
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(pageCount=3))
    state = last_state(read(sync_mode="incremental"))
    outcome = read(sync_mode="incremental", state=state)
    assert ids(outcome) == []
    assert last_state(outcome) == state


@pytest.mark.parametrize("claimed", [RECORDS + 12, 10**15])
def test_a_record_count_that_is_too_large_is_a_warning_with_both_numbers(sandbox, read, sync_mode, claimed):
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(recordCount=claimed))
    outcome = read(sync_mode=sync_mode)
    (form,) = sandbox.district.forms
    assert outcome.exit_code == 0
    assert ids(outcome) == roster_ids(sandbox)
    assert outcome.warnings == [
        f"roster_records: the service counts {claimed} records in form {form}, and its pages show {RECORDS}."
    ]


def test_pages_that_repeat_the_same_records_fail_the_stream(sandbox, read, sync_mode):
    (form,) = sandbox.district.forms.values()
    first = [*form.roster][:PAGE_SIZE]
    on_pages(sandbox, lambda _number, _metadata, envelope: envelope.update(records=first))
    outcome = read(sync_mode=sync_mode)
    assert outcome.exit_code == 1
    assert "show the same records, although the service counts 35" in outcome.errors[0]["message"]
    assert outcome.errors[0]["failure_type"] == "system_error"


def test_huge_page_count_fails_the_stream(sandbox, read):
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(pageCount=50_000_000))
    outcome = read()
    assert outcome.exit_code == 1
    assert "claims 50000000 pages" in outcome.errors[0]["message"]


def test_page_count_of_too_many_records_fails_the_stream(sandbox, read):
    sandbox.on_answer = with_new_records(100, page_count=99_999)
    outcome = read()
    assert outcome.exit_code == 1
    assert "claims 99999 pages of 100 records; at most 1000000 records" in outcome.errors[0]["message"]
    assert sandbox.journal.count("GET", f"*{ROSTER}") == 1


def test_pages_with_new_records_without_end_fail_the_stream(sandbox, read, monkeypatch):
    monkeypatch.setattr(envelope, "MOST_RECORDS", 500)
    sandbox.on_answer = with_new_records(10, page_count=2)
    outcome = read()
    assert outcome.exit_code == 1
    assert "the pages show more than 500 records" in outcome.errors[0]["message"]


def with_new_records(size, page_count):
    """Answer each page with `size` records that no other page shows, and count a million of them."""

    def on_answer(entry, payload):
        if not entry.path.endswith(ROSTER):
            return payload
        number = int(parse_qs(entry.query)["page"][0])
        records = [{"id": number * size + place} for place in range(size)]
        metadata = {"page": number, "pageSize": size, "pageCount": page_count, "recordCount": 10**6}
        return {"metaData": metadata, "records": records}

    return on_answer


def test_null_instead_of_the_records_of_an_empty_form_is_an_empty_page(sandbox, read, sync_mode):
    empty = {"page": 1, "pageSize": PAGE_SIZE, "pageCount": 0, "recordCount": 0}
    sandbox.on_answer = lambda entry, payload: (
        {"metaData": empty, "records": None} if entry.path.endswith(ROSTER) else payload
    )
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings, ids(outcome)) == (0, [], [])


# A change that is undone


def test_an_edit_that_is_undone_after_a_killed_sync_reaches_the_warehouse(sandbox, read):
    """The killed sync is one whose output ends behind the changed records and before the state that follows them."""
    (form,) = sandbox.district.forms.values()
    edited = form.roster.ids()[12]
    first = read(sync_mode="incremental")
    original = next(record["status"] for record in form.roster if record["id"] == edited)
    form.roster.edit(edited, status="Held")
    second = read(sync_mode="incremental", state=last_state(first))
    before_records = [
        message["state"]
        for message in second.messages[: next(n for n, m in enumerate(second.messages) if m["type"] == "RECORD")]
        if message["type"] == "STATE"
    ]
    assert len(before_records) == 1
    form.roster.edit(edited, status=original)
    killed = [{"type": "STREAM", "stream": before_records[0]["stream"]}]
    third = read(sync_mode="incremental", state=killed)
    assert {record["status"] for record in third.records("roster_records") if record["id"] == edited} == {original}


def test_a_changed_form_costs_one_additional_state(sandbox, read):
    (form,) = sandbox.district.forms.values()
    first = read(sync_mode="incremental")
    for record_id in form.roster.ids():
        form.roster.edit(record_id, status="Held")
    second = read(sync_mode="incremental", state=last_state(first))
    assert ids(second) == roster_ids(sandbox)
    assert len(second.states) <= len(first.states) + 1


def test_the_final_state_of_a_changed_form_knows_every_page(sandbox, read):
    (form,) = sandbox.district.forms.values()
    first = read(sync_mode="incremental")
    form.roster.edit(form.roster.ids()[0], status="Held")
    second = read(sync_mode="incremental", state=last_state(first))
    assert len(ids(second)) == PAGE_SIZE
    assert ids(read(sync_mode="incremental", state=last_state(second))) == []


# Ids


@pytest.mark.parametrize("odd", [None, "", "abc", True, 1.5, [7], {"id": 7}, 2**63, "9" * 30])
def test_a_record_without_a_usable_id_is_left_out_and_counted(sandbox, read, sync_mode, odd):
    victim = roster_ids(sandbox)[12]
    on_records(sandbox, lambda record: record.update(id=odd) if record["id"] == victim else None)
    outcome = read(sync_mode=sync_mode)
    (form,) = sandbox.district.forms
    assert outcome.exit_code == 0
    assert ids(outcome) == [record_id for record_id in roster_ids(sandbox) if record_id != victim]
    assert outcome.warnings == [
        f"roster_records: left out a record without a usable id (1 times: form {form}, page 2)."
    ]


@pytest.mark.parametrize("odd", ["x\0", 10**30])
def test_repairs_of_many_answers_are_one_warning_per_kind_with_the_first_places(sandbox, read, sync_mode, odd):
    on_records(sandbox, lambda record: record.update(grade=odd))
    outcome = read(sync_mode=sync_mode)
    (form,) = sandbox.district.forms
    pages = ", ".join(f"page {number} of GET /publishedactions/{form}/rosterrecords" for number in range(1, 5))
    (warning,) = outcome.warnings
    assert outcome.exit_code == 0
    assert warning.startswith("repaired answers: ")
    assert f"({RECORDS} times: " in warning
    assert warning.endswith("; and elsewhere).")
    assert sum(page in warning for page in pages.split(", ")) == 3


def test_records_without_an_id_on_many_pages_are_one_warning(sandbox, read, sync_mode):
    on_records(sandbox, lambda record: record.update(id=None) if record["id"] % 2 else None)
    outcome = read(sync_mode=sync_mode)
    lost = sum(record_id % 2 for record_id in roster_ids(sandbox))
    (warning,) = outcome.warnings
    assert warning.startswith(f"roster_records: left out a record without a usable id ({lost} times: form ")
    assert warning.endswith("; and elsewhere).")


def test_a_missing_id_is_left_out_of_the_detail_stream_too(sandbox, read):
    victim = roster_ids(sandbox)[12]
    on_records(sandbox, lambda record: record.pop("id") if record["id"] == victim else None)
    outcome = read("roster_record_details")
    assert outcome.exit_code == 0
    assert ids(outcome, "roster_record_details") == [one for one in roster_ids(sandbox) if one != victim]
    assert "left out a record without a usable id" in outcome.warnings[0]


@pytest.mark.parametrize("odd", [None, "text", 7, []])
def test_an_entry_that_is_not_an_object_is_left_out_and_counted(sandbox, read, sync_mode, odd):
    def change(number, _metadata, envelope):
        if number == 2:
            envelope["records"][3] = odd

    lost = [*next(iter(sandbox.district.forms.values())).roster][PAGE_SIZE + 3]["id"]
    on_pages(sandbox, change)
    outcome = read(sync_mode=sync_mode)
    (form,) = sandbox.district.forms
    assert outcome.exit_code == 0
    assert ids(outcome) == [one for one in roster_ids(sandbox) if one != lost]
    assert outcome.warnings == [
        f"roster_records: left out a record without a usable id (1 times: form {form}, page 2)."
    ]


def test_ids_that_are_sent_as_text_are_integers(sandbox, read, sync_mode):
    sandbox.on_answer = lambda _entry, payload: with_text_ids(payload)
    (form,) = sandbox.district.forms
    outcome = read("roster_records", "published_actions", "roster_record_details", sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert ids(outcome) == ids(outcome, "roster_record_details") == roster_ids(sandbox)
    assert ids(outcome, "published_actions") == [form]


def test_a_selected_form_whose_id_is_sent_as_text_is_found(sandbox, streams):
    sandbox.on_answer = lambda _entry, payload: with_text_ids(payload)
    (form,) = sandbox.district.forms
    selected = {"published_actions": {"mode": "ids", "ids": [form]}}
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, **selected}
    assert run_source("check", config=config).connection_status["status"] == "SUCCEEDED"
    outcome = run_source("read", config=config, catalog=configured_catalog(streams, ["import_schemas"]))
    assert outcome.exit_code == 0
    assert outcome.records("import_schemas")


def with_text_ids(payload):
    if isinstance(payload, dict):
        return {key: str(value) if key == "id" else with_text_ids(value) for key, value in payload.items()}
    return [with_text_ids(entry) for entry in payload] if isinstance(payload, list) else payload


# One odd value costs one value

DEEP = json.loads("[" * 200 + "]" * 200)
ODD_VALUES = [None, True, 7, 10**18, 1.5, "text", "", [], [None, 1, "a", {}], {}, {"a": None, "b": [1]}, DEEP]
FIELDS = ["status", "dateOfBirth", "submitted", "tags", "dataItems", "somethingNew"]


@pytest.mark.parametrize("field", FIELDS)
def test_an_odd_value_costs_only_that_value(sandbox, read, sync_mode, field):
    values = iter(ODD_VALUES)
    by_id = {}

    def change(record):
        by_id.setdefault(record["id"], next(values, "text"))
        record[field] = by_id[record["id"]]

    on_records(sandbox, change)
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.errors) == (0, [])
    assert ids(outcome) == roster_ids(sandbox)
    assert "Traceback" not in outcome.stdout + outcome.stderr
    records = outcome.records("roster_records")
    assert all(fits(field, record.get(field)) for record in records)
    lost = sum(record.get(field) is None and by_id[record["id"]] not in (None, "") for record in records)
    counted = [warning for warning in outcome.warnings if f"{field} does not have the type" in warning]
    assert bool(lost) == bool(counted)
    assert not counted or f"({lost} times)" in counted[0]


def fits(field, value):
    kinds = {"tags": list, "dataItems": dict, "somethingNew": object}
    return value is None or isinstance(value, kinds.get(field, str))


def test_numbers_and_objects_in_text_fields_become_text(sandbox, read, sync_mode):
    on_records(sandbox, lambda record: record.update(grade=7, school={"name": "A"}, dataItems={"a": 1, "b": None}))
    record, *_ = read(sync_mode=sync_mode).records("roster_records")
    assert (record["grade"], record["school"], record["dataItems"]) == ("7", '{"name":"A"}', {"a": "1", "b": None})


@pytest.mark.parametrize("odd", [None, "text", ["text"], 7])
def test_a_checklist_item_that_is_not_an_object_stays_as_it_was_sent(sandbox, read, odd):
    def on_answer(entry, payload):
        if entry.path.endswith("/checklistentries"):
            for checklist_entry in payload:
                checklist_entry["checklistItems"].append(odd)
        return payload

    sandbox.on_answer = on_answer
    outcome = read("checklist_entries")
    assert (outcome.exit_code, outcome.errors) == (0, [])
    entries = outcome.records("checklist_entries")
    assert entries
    assert all(entry["checklistItems"][-1] == odd for entry in entries)
    assert all("date_completed" in item for entry in entries for item in entry["checklistItems"][:-1])


@pytest.mark.parametrize("odd", ["text", {"a": 1}, 7])
def test_checklist_items_that_are_not_a_list_become_null_and_are_counted(sandbox, read, odd):
    def on_answer(entry, payload):
        if entry.path.endswith("/checklistentries"):
            payload[0]["checklistItems"] = odd
        return payload

    sandbox.on_answer = on_answer
    outcome = read("checklist_entries")
    assert outcome.exit_code == 0
    assert sum(entry.get("checklistItems") is None for entry in outcome.records("checklist_entries")) > 0
    assert "checklistItems does not have the type in the schema" in outcome.warnings[0]
