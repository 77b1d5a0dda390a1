"""Over a socket, in both wire shapes: wrong metadata of pages loses no record, and the state has every page."""

from urllib.parse import parse_qs

import pytest

from integration_tests.source.record_pages.pages import (
    PAGE_SIZE,
    RECORDS,
    ROSTER,
    ids,
    last_state,
    on_pages,
    roster_ids,
)
from powerschool_enrollment_api import envelope


@pytest.mark.parametrize("page_count", [1, 3])
def test_pages_beyond_a_page_count_that_is_too_small_are_read(sandbox, read, sync_mode, page_count):
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(pageCount=page_count))
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert ids(outcome) == roster_ids(sandbox)


@pytest.mark.parametrize("claimed", [0, 3, 12])
@pytest.mark.parametrize("page_count", [0, 1, 2])
def test_pages_beyond_counts_that_are_too_small_are_read(sandbox, read, sync_mode, page_count, claimed):
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(pageCount=page_count, recordCount=claimed))
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert ids(outcome) == roster_ids(sandbox)


@pytest.mark.parametrize("page_count", [1, 4, 12])
def test_pages_that_show_fewer_records_than_their_size_are_all_read(sandbox, read, sync_mode, page_count):
    """The service limits the page size to 3, and its metadata show the requested one."""
    sandbox.settings.page_size_cap = 3
    on_pages(sandbox, lambda _number, metadata, _envelope: metadata.update(pageSize=PAGE_SIZE, pageCount=page_count))
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert ids(outcome) == roster_ids(sandbox)


def test_correct_counts_cause_no_further_request(sandbox, read):
    outcome = read()
    assert sandbox.journal.count("GET", f"*{ROSTER}") == -(-len(ids(outcome)) // PAGE_SIZE)


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
    """Answer each page with `size` records that no other page shows. The metadata claim a million records."""

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


def test_an_edit_that_is_undone_after_a_killed_sync_reaches_the_warehouse(sandbox, read):
    """The third read continues as if the second one was killed after the changed records and before their state."""
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


def test_a_changed_form_emits_one_additional_state(sandbox, read):
    (form,) = sandbox.district.forms.values()
    first = read(sync_mode="incremental")
    for record_id in form.roster.ids():
        form.roster.edit(record_id, status="Held")
    second = read(sync_mode="incremental", state=last_state(first))
    assert ids(second) == roster_ids(sandbox)
    assert len(second.states) <= len(first.states) + 1


def test_the_final_state_of_a_changed_form_contains_every_page(sandbox, read):
    (form,) = sandbox.district.forms.values()
    first = read(sync_mode="incremental")
    form.roster.edit(form.roster.ids()[0], status="Held")
    second = read(sync_mode="incremental", state=last_state(first))
    assert len(ids(second)) == PAGE_SIZE
    assert ids(read(sync_mode="incremental", state=last_state(second))) == []
