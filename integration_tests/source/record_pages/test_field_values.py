"""Over a socket, in both wire shapes: an odd value in a field affects only that value."""

import json

import pytest

from integration_tests.source.record_pages.pages import RECORDS, ids, on_records, roster_ids

DEEP = json.loads("[" * 200 + "]" * 200)
ODD_VALUES = [None, True, 7, 10**18, 1.5, "text", "", [], [None, 1, "a", {}], {}, {"a": None, "b": [1]}, DEEP]
FIELDS = ["status", "dateOfBirth", "submitted", "tags", "dataItems", "somethingNew"]


@pytest.mark.parametrize("field", FIELDS)
def test_an_odd_value_affects_only_that_value(sandbox, read, sync_mode, field):
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
