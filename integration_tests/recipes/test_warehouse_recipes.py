"""Every recipe of docs/warehouse_recipes.md, over tables that the source filled, against the service's own records."""

import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from integration_tests.pyairbyte import needs_pyairbyte
from integration_tests.recipes.own_sync import sync as sync_without_pyairbyte
from integration_tests.recipes.recipes import PAGE, recipes
from integration_tests.recipes.season import BIRTH, OPENED, RESIDENCY, TABLES, Season
from powerschool_enrollment_sandbox import District, running_sandbox

RECIPES = recipes()
FRESH = {"synced_at", "url", "expires_at"}  # differ from read to read


@pytest.fixture(scope="module")
def season(small_district, tmp_path_factory):
    with running_sandbox(district=District.generate(**small_district)) as sandbox:
        season = Season(sandbox, tmp_path_factory.mktemp("season"))
        season.play()
        yield season


def recipe(heading):
    return RECIPES[heading]


def kept(records_by_form):
    """Return form and record of all that are not discarded."""
    return [
        (form, record)
        for form, records in records_by_form.items()
        for record in records
        if record["status"] != "Discarded"
    ]


def same(found, expected):
    """Return whether the rows are the same, in any order; at least one."""
    return bool(expected) and Counter(found) == Counter(expected)


def test_every_recipe_is_tested_here():
    assert set(re.findall(r'recipe\("(.+?)"\)', Path(__file__).read_text())) == set(RECIPES)


def test_the_command_on_the_page_shows_what_a_query_finds(tmp_path):
    with duckdb.connect(str(tmp_path / "powerschool_enrollment.duckdb")) as warehouse:
        warehouse.execute("create schema sandbox; create table sandbox.submission_records as select 'Held' as status")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (command,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert re.search(r"│ Held +│ +1 │", shown)


def test_the_newest_version_of_a_record_is_the_one_there_was_last(season):
    second = list(season.sandbox.district.forms)[1]
    last = {record["id"]: record for record in season.before.submissions[second] + season.after.submissions[second]}
    newest = recipe("Newest version of each record")
    found = season.rows(f"select id, status, dataitems ->> 'hh_City' from ({newest})", "history")
    versions = season.rows("select id from submission_records", "history")
    assert len(versions) > len(last)
    assert same(found, [(id_, record["status"], record["dataItems"]["hh_City"]) for id_, record in last.items()])
    assert sum(city == "Marfa" for _, _, city in found) == 5


def test_discarded_records_are_left_out(season):
    others = recipe("Without discarded records")
    found = season.rows(f"select id from ({others})")
    assert same(found, [(record["id"],) for _, record in kept(season.before.submissions)])
    assert len(found) < sum(map(len, season.before.submissions.values()))


def test_each_data_item_becomes_a_row_with_its_text_or_null(season):
    answers = [
        (record["id"], field, value)
        for _, record in kept(season.before.submissions)
        for field, value in record["dataItems"].items()
    ]
    assert same(season.rows(recipe("Data items as rows")), answers)
    assert {None, ""} < {value for _, _, value in answers}


def test_chosen_data_items_become_columns(season):
    expected = [
        (
            record["id"],
            form,
            record["dataItems"]["hh_Language"] or None,
            record["dataItems"]["par1_Email"] or None,
            record["dataItems"]["trn_BusRider"] == "Yes",
        )
        for form, record in kept(season.before.submissions)
    ]
    assert same(season.rows(recipe("Data items as columns")), expected)
    assert len({row[2:] for row in expected}) > len(expected) / 2


def test_tags_are_counted_by_form(season):
    tags = Counter((form, tag) for form, record in kept(season.before.submissions) for tag in record["tags"])
    assert same(season.rows(recipe("Tags")), [(*key, count) for key, count in tags.items()])


def test_the_funnel_counts_each_stage_by_form_school_and_grade(season):
    forms = season.sandbox.district.forms

    def cell(form, record):
        return forms[form].academic_year, forms[form].title, record["school"], record["grade"]

    roster = [(cell(form, record), record) for form, record in kept(season.before.roster)]
    submissions = Counter((cell(form, record), record["status"]) for form, record in kept(season.before.submissions))
    expected = Counter(key for key, _ in roster)
    started = Counter(key for key, record in roster if record["started"])
    submitted = Counter(key for key, record in roster if record["submitted"])
    rows = [
        (
            *key,
            expected[key],
            started[key],
            submitted[key],
            submissions[key, "Submitted"] + submissions[key, "PendingApproval"],
            submissions[key, "Approved"],
            submissions[key, "Delivered"],
            submissions[key, "Rejected"],
        )
        for key in {*expected, *(key for key, _ in submissions)}
    ]
    found = season.rows(recipe("Enrollment funnel"))
    assert same(found, rows)
    assert all(sum(stage) for stage in list(zip(*found, strict=True))[4:])


def test_what_a_student_misses_is_what_is_neither_completed_nor_waived_nor_mentioned(season):
    expected = []
    for checklist in season.sandbox.district.checklists.values():
        for entry in checklist.entries():
            said = {item["checklistItemID"]: item["status"] for item in entry["checklistItems"]}
            expected += [
                (
                    checklist.academic_year,
                    checklist.title,
                    entry["externalStudentID"],
                    entry["familyMemberLastName"],
                    entry["familyMemberFirstName"],
                    entry["grade"],
                    entry["familyEmailAddress"],
                    item["name"],
                    said.get(item["id"]),
                )
                for item in checklist.details()["items"]
                if said.get(item["id"]) not in {"Completed", "Waived"}
            ]
    assert same(season.rows(recipe("Checklists: who is missing what")), expected)
    assert {row[-1] for row in expected} == {"Incomplete", "NotStarted", None}


def test_of_a_submission_that_was_delivered_again_the_last_delivery_stays(season):
    district, target = season.sandbox.district, season.target
    (again,) = [batch for batch in target.batches if batch.date > OPENED and batch.record_ids]
    expected = [
        (
            target.id,
            id_,
            again.id,
            again.date.replace(tzinfo=None),
            district.submission_record(id_)["externalStudentID"],
            district.submission_record(id_)["dataItems"]["stu_School"],
            district.submission_record(id_)["dataItems"]["par1_Email"],
        )
        for id_ in again.record_ids
    ]
    assert same(season.rows(recipe("Latest delivery of each submission"), "history"), expected)
    assert Counter(school == "Marfa Junior High" for *_, school, _ in expected) == {True: 20, False: 3}
    assert len(season.rows("select id from delivered_records", "history")) == 20 + 23


def test_a_student_is_found_in_every_form_by_the_students_id(season):
    forms, before = season.sandbox.district.forms, season.before

    def by_student(records_by_form):
        return {
            (record["externalStudentID"], form): record
            for form, record in kept(records_by_form)
            if record["externalStudentID"]
        }

    roster, submissions = by_student(before.roster), by_student(before.submissions)
    expected = [
        (
            student,
            forms[form].academic_year,
            forms[form].title,
            roster.get((student, form), {}).get("status"),
            submissions.get((student, form), {}).get("status"),
            datetime.fromisoformat(submissions[student, form]["submitted"]) if (student, form) in submissions else None,
        )
        for student, form in {*roster, *submissions}
    ]
    found = season.rows(recipe("One student across forms"))
    assert same(found, expected)
    assert 2 in Counter(student for student, *_ in found).values()


def test_each_record_lists_its_documents(season):
    expected = [
        (
            record["id"],
            form,
            record["lastName"],
            record["firstName"],
            bool(record["dataItems"][BIRTH]),
            bool(record["dataItems"][RESIDENCY]),
        )
        for form, record in kept(season.before.submissions)
    ]
    assert same(season.rows(recipe("Documents by record")), expected)
    assert {row[-2:] for row in expected} == {(True, True), (True, False), (False, True), (False, False)}


def test_removed_records_are_marked_and_left_out(season):
    living_records = recipe("Records that vanished")
    living = season.rows(f"select distinct id from ({living_records})", "detected")
    assert same(living, [(record["id"],) for form in season.after.submissions.values() for record in form])
    marked = "select id, status, dataitems from submission_records where _ab_cdc_deleted_at is not null"
    assert same(season.rows(marked, "detected"), [(record_id, None, None) for record_id in season.removed])


def test_a_record_that_vanished_is_found_by_a_snapshot(season):
    found = season.rows(recipe("Comparison with a snapshot"))
    assert sorted(row[0] for row in found) == sorted(season.removed)
    assert len(found) == 2


@needs_pyairbyte
def test_without_pyairbyte_the_tables_are_the_same(small_district, season, tmp_path):
    """What stands in for PyAirbyte on Python 3.13 fills the same columns with the same values."""
    with running_sandbox(district=District.generate(**small_district)) as sandbox:
        other = Season(sandbox, tmp_path)
        other.prepare()
        sync_without_pyairbyte([other.main()])
    for table in (*TABLES, "documents"):
        columns = [column[:2] for column in season.rows(f"describe {table}")]
        assert [column[:2] for column in other.rows(f"describe {table}")] == columns
        known = ", ".join(name for name, _ in columns if not name.startswith("_airbyte_") and name not in FRESH)
        assert same(other.rows(f"select {known} from {table}"), season.rows(f"select {known} from {table}")), table
