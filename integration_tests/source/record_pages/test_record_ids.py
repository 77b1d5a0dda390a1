"""Over a socket, in both wire shapes: a record without a usable id is left out and counted, and numbers may be text."""

import pytest

from integration_tests.connector import configured_catalog, run_source
from integration_tests.source.record_pages.pages import PAGE_SIZE, ids, on_pages, on_records, roster_ids, with_text_ids


@pytest.mark.parametrize("odd", [None, "", "abc", True, 1.5, [7], {"id": 7}, 2**63, "9" * 30])
def test_a_record_without_a_usable_id_is_left_out_and_counted(sandbox, read, sync_mode, odd):
    victim = roster_ids(sandbox)[12]
    on_records(sandbox, lambda record: record.update(id=odd) if record["id"] == victim else None)
    outcome = read(sync_mode=sync_mode)
    (form,) = sandbox.district.forms
    assert outcome.exit_code == 0
    assert ids(outcome) == [record_id for record_id in roster_ids(sandbox) if record_id != victim]
    assert outcome.warnings == [f"roster_records: left out a record without a usable id (once: form {form}, page 2)."]


def test_records_without_an_id_on_many_pages_are_one_warning(sandbox, read, sync_mode):
    on_records(sandbox, lambda record: record.update(id=None) if record["id"] % 2 else None)
    outcome = read(sync_mode=sync_mode)
    lost = sum(record_id % 2 for record_id in roster_ids(sandbox))
    (warning,) = outcome.warnings
    assert warning.startswith(f"roster_records: left out a record without a usable id ({lost} times: form ")
    assert warning.endswith("; and elsewhere).")


def test_a_record_without_an_id_is_left_out_of_the_detail_stream_too(sandbox, read):
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
    assert outcome.warnings == [f"roster_records: left out a record without a usable id (once: form {form}, page 2)."]


def test_ids_that_are_sent_as_text_are_integers(sandbox, read, sync_mode):
    sandbox.on_answer = lambda _entry, payload: with_text_ids(payload)
    (form,) = sandbox.district.forms
    outcome = read("roster_records", "published_actions", "roster_record_details", sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert ids(outcome) == ids(outcome, "roster_record_details") == roster_ids(sandbox)
    assert ids(outcome, "published_actions") == [form]


@pytest.mark.parametrize("written", [str, float])
def test_numbers_that_are_sent_as_texts_or_decimals_are_integers(sandbox, read, sync_mode, written):
    def change(_number, metadata, envelope):
        metadata.update({name: written(number) for name, number in metadata.items()})
        for record in envelope["records"]:
            record["id"] = written(record["id"])

    on_pages(sandbox, change)
    outcome = read(sync_mode=sync_mode)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert repr(ids(outcome)) == repr(roster_ids(sandbox))


def test_a_selected_form_whose_id_is_sent_as_text_is_found(sandbox, streams):
    sandbox.on_answer = lambda _entry, payload: with_text_ids(payload)
    (form,) = sandbox.district.forms
    selected = {"published_actions": {"mode": "ids", "ids": [form]}}
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, **selected}
    assert run_source("check", config=config).connection_status["status"] == "SUCCEEDED"
    outcome = run_source("read", config=config, catalog=configured_catalog(streams, ["import_schemas"]))
    assert outcome.exit_code == 0
    assert outcome.records("import_schemas")
