"""The rows of the dbt models, compared with the service's own records: `make dbt`.

Not collected with the other tests, because it needs the environment of dbt.
"""

import json
from collections import Counter
from datetime import date, datetime

import pytest

from integration_tests.dbt.guide import block
from integration_tests.recipes.season import BIRTH, OPENED, RESIDENCY
from integration_tests.recipes.warehouse import DuckDBFile


def kept(records):
    """Return form and record of the records that are not discarded."""
    return [(form, record) for form, record in records if record["status"] != "Discarded"]


def same(found, expected):
    """Return whether there are rows, and both lists contain the same rows in any order."""
    return bool(expected) and Counter(found) == Counter(expected)


def test_staging_model_has_the_last_version_of_each_record(season, rows):
    found = rows(
        "select submission_record_id, status from stg_powerschool_enrollment__submission_records where not is_removed"
    )
    assert same(found, [(record["id"], record["status"]) for _, record in season.submissions()])
    assert sum(status == "Rejected" for _, status in found) >= 5


def test_removed_records_are_flagged(season, rows):
    flagged = "select submission_record_id from stg_powerschool_enrollment__submission_records where is_removed"
    gone = season.removed if season.detect_removed_records else []
    assert Counter(rows(flagged)) == Counter((record_id,) for record_id in gone)
    assert len(season.removed) == 2


def test_discarded_records_are_left_out(season, rows):
    for name, records in (("submission", season.submissions()), ("roster", season.roster())):
        found = rows(f"select {name}_record_id from current_{name}_records")
        assert same(found, [(record["id"],) for _, record in kept(records)])
        assert len(found) < len(records)


def test_forms_have_their_year_and_title(season, rows):
    found = rows("select distinct published_action_id, academic_year, form_title from current_roster_records")
    assert same(found, [(form.id, form.academic_year, form.title) for form in season.sandbox.district.forms.values()])


def test_each_data_item_becomes_a_row_with_its_text_or_null(season, rows):
    answers = [
        (record["id"], field, value, bool(value))
        for _, record in kept(season.submissions())
        for field, value in record["dataItems"].items()
    ]
    assert same(rows("select record_id, field, value, is_answered from answers"), answers)
    assert {None, ""} < {value for _, _, value, _ in answers}


def test_tags_are_counted_by_form(season, rows):
    tags = Counter((form, tag) for form, record in kept(season.submissions()) for tag in set(record["tags"]))
    found = rows(
        "select published_action_id, tag, count(*) from record_tags where stream = 'submission_records' group by 1, 2"
    )
    assert same(found, [(*key, count) for key, count in tags.items()])


def test_the_funnel_counts_each_stage_by_form_school_and_grade(season, rows):
    forms = season.sandbox.district.forms

    def cell(form, record):
        return forms[form].academic_year, forms[form].title, record["school"], record["grade"]

    roster = [(cell(form, record), record) for form, record in kept(season.roster())]
    submissions = Counter((cell(form, record), record["status"]) for form, record in kept(season.submissions()))
    expected = Counter(key for key, _ in roster)
    started = Counter(key for key, record in roster if record["started"])
    submitted = Counter(key for key, record in roster if record["submitted"])
    stages = (
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
    )
    found = rows(
        "select academic_year, form_title, school, grade, expected, started, submitted, to_review, approved, "
        "delivered, rejected from enrollment_funnel"
    )
    assert same(found, list(stages))
    assert all(sum(stage) for stage in list(zip(*found, strict=True))[4:])


def test_a_student_has_the_latest_submission_of_all_forms(season, rows):
    by_student = {}
    for _, record in kept(season.submissions()):
        if record["externalStudentID"]:
            by_student.setdefault(record["externalStudentID"], []).append(record)
    latest = {
        student: max(records, key=lambda record: (record["submitted"], record["id"]))
        for student, records in by_student.items()
    }
    expected = [
        (student, record["id"], record["status"], datetime.fromisoformat(record["submitted"]), len(by_student[student]))
        for student, record in latest.items()
    ]
    sql = "select external_student_id, submission_record_id, status, submitted, submissions from students"
    assert same(rows(sql), expected)
    assert max(len(records) for records in by_student.values()) > 1


def test_missing_items_are_neither_completed_nor_waived(season, rows):
    expected = []
    for checklist in season.sandbox.district.checklists.values():
        for entry in checklist.entries():
            mentioned = {item["checklistItemID"]: item for item in entry["checklistItems"]}
            expected += [
                (
                    checklist.academic_year,
                    checklist.title,
                    entry["externalStudentID"],
                    entry["familyMemberLastName"],
                    entry["familyEmailAddress"],
                    item["name"],
                    mentioned.get(item["id"], {}).get("status"),
                    completed(mentioned.get(item["id"], {})),
                    mentioned.get(item["id"], {}).get("status") in {"Completed", "Waived"},
                )
                for item in checklist.details()["items"]
            ]
    found = rows(
        "select academic_year, checklist_title, external_student_id, family_member_last_name, family_email_address, "
        "item, status, date_completed, is_done from checklist_progress"
    )
    assert same(found, expected)
    assert {row[-3] for row in expected if not row[-1]} == {"Incomplete", "NotStarted", None}
    assert {row[-1] for row in expected} == {True, False}


def completed(item):
    text = item.get("dateCompleted")
    return datetime.strptime(text, "%m/%d/%Y").date() if text else None  # noqa: DTZ007 - a day has no time zone


def test_last_delivery_of_a_repeated_submission_is_kept(season, rows):
    district, target = season.sandbox.district, season.target
    (again,) = [batch for batch in target.batches if batch.date > OPENED and batch.record_ids]
    expected = [
        (
            target.id,
            target.title,
            id_,
            again.id,
            again.date.replace(tzinfo=None),
            district.submission_record(id_)["externalStudentID"],
            district.submission_record(id_)["dataItems"]["stu_School"],
        )
        for id_ in again.record_ids
    ]
    found = rows(
        "select delivery_target_id, delivery_target, submission_record_id, batch_id, batch_date, external_student_id, "
        "data from deliveries"
    )
    parsed = [
        (*row, (json.loads(data) if isinstance(data, str) else data)["student"]["school"]) for *row, data in found
    ]
    assert same(parsed, expected)
    assert Counter(school == "Marfa Junior High" for *_, school in expected) == {True: 20, False: 3}


def test_query_of_deliveries_on_the_page_reads_their_data(warehouse, season, rows):
    if not isinstance(warehouse, DuckDBFile):
        pytest.skip("The page shows DuckDB's SQL")
    found = rows(block("## Latest delivery of each submission", "sql"))
    assert {target for target, *_ in found} == {season.target.title}
    assert Counter(school == "Marfa Junior High" for *_, school in found) == {True: 20, False: 3}


def test_documents_that_a_family_did_not_upload_are_missing(season, rows):
    expected = [
        (record["id"], field, record["lastName"])
        for _, record in kept(season.submissions())
        for field in (BIRTH, RESIDENCY)
        if not record["dataItems"][field]
    ]
    assert same(rows("select submission_record_id, field, last_name from missing_documents"), expected)
    assert {field for _, field, _ in expected} == {BIRTH, RESIDENCY}


def test_dates_of_birth_are_dates(season, rows):
    found = rows("select submission_record_id, date_of_birth from current_submission_records")
    expected = [
        (record["id"], date.fromisoformat(record["dateOfBirth"][:10])) for _, record in kept(season.submissions())
    ]
    assert same(found, expected)
