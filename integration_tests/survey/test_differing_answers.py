"""Answers that differ from what is expected, over a socket: each changes the verdict of its streams."""

import pytest

from integration_tests.survey.surveys import (
    DETAILS,
    FAILS,
    FITS,
    WARNS,
    answer_changed,
    records_changed,
    run_survey,
    small_district,
)


def spelt_in_capitals(record):
    record["FirstName"] = record.pop("firstName")


def with_us_date(record):
    record["imported"] = "04/15/2026"


def second_page_again(content, query):
    if "page=2" in query:
        content["records"] = [{**record, "id": place} for place, record in enumerate(content["records"])]
    return content


def paging_ignored():
    """Return a change that answers the request for page 2 with the records of page 1."""
    first = {}

    def change(content, query):
        if "page=1" in query and "pagesize=50" in query:
            first[len(first)] = content["records"]
        return {**content, "records": first[0]} if "page=2" in query else content

    return change


def records_beyond_the_last(content, query):
    return {**content, "records": [{"id": 1, "dataItems": {}}]} if "page=3" in query else content


def wrong_page_count(content, _query):
    return {**content, "metaData": {**content["metaData"], "pageCount": 1 + content["metaData"]["pageCount"]}}


def short_pages(content, _query):
    return {**content, "records": content["records"][:-1] or content["records"]}


def half_without_id(content, _query):
    return {
        **content,
        "records": [{**each, "id": None if n % 2 else each["id"]} for n, each in enumerate(content["records"])],
    }


# How the roster's pages may differ: the change, the verdict of roster_records, a part of its reason.
PAGES = {
    "US date in a time": (records_changed(with_us_date), FAILS, "`imported`: "),
    "other capitals": (records_changed(spelt_in_capitals), WARNS, "`firstName`: only a field with other capitals"),
    "new field": (
        records_changed(lambda record: record.update(middleName="Q")),
        WARNS,
        "fields that the schema does not describe: 1",
    ),
    "missing field": (records_changed(lambda record: record.pop("grade")), WARNS, "`grade`: expected, and missing"),
    "details alone": (
        records_changed(lambda record: record.pop("dataItems")),
        WARNS,
        "only the details have `dataItems`",
    ),
    "number for text": (records_changed(lambda record: record.update(grade=3)), WARNS, "`grade`: values that are not"),
    "number in an answer": (records_changed(lambda r: r["dataItems"].update(n=3)), WARNS, "`dataItems`: values that"),
    "text for object": (records_changed(lambda record: record.update(dataItems="no")), FAILS, "`dataItems`: "),
    "no id": (records_changed(lambda record: record.pop("id")), FAILS, "none of "),
    "half without id": (answer_changed(half_without_id), WARNS, "have no usable id: they are left out"),
    "same id": (records_changed(lambda record: record.update(id=7)), FAILS, "page 2 shows only records of page 1"),
    "unsorted page 2": (answer_changed(second_page_again), WARNS, "ids are not sorted"),
    "paging ignored": (answer_changed(paging_ignored()), FAILS, "the service ignores the parameter `page`"),
    "records beyond": (answer_changed(records_beyond_the_last), WARNS, "a page beyond the last one: records"),
    "page count": (answer_changed(wrong_page_count), WARNS, "`pageCount` does not match"),
    "short pages": (answer_changed(short_pages), WARNS, "shows another number of records"),
    "other records key": (answer_changed(lambda content, _: {"items": content["records"]}), FAILS, "unknown shape"),
    "no metadata": (answer_changed(lambda content, _: content["records"]), FAILS, "unknown shape"),
    "unknown key": (answer_changed(lambda content, _: {**content, "links": []}), WARNS, "neither the documented"),
    "a text": (answer_changed(lambda *_: "maintenance"), FAILS, "unknown shape"),
    "broken JSON": (answer_changed(lambda *_: b'{"metaData": }'), FAILS, "the body is not valid JSON"),
    "HTML": (answer_changed(lambda *_: b"<html>"), FAILS, "the answer is not JSON"),
}


@pytest.mark.parametrize(("hook", "verdict", "reason"), PAGES.values(), ids=PAGES)
def test_deviating_pages_change_the_verdict_of_their_stream(sandbox, hook, verdict, reason):
    sandbox.on_answer = hook
    surveyed = run_survey(sandbox)
    assert surveyed.verdicts["roster_records"] == verdict
    assert reason in surveyed.reasons("roster_records")
    assert surveyed.verdicts["submission_records"] == FITS
    assert surveyed.exit_code == (FAILS in surveyed.verdicts.values())


def test_some_values_of_another_type_are_a_warning_with_numbers(sandbox):
    sandbox.on_answer = records_changed(lambda record: record["id"] % 10 or record.update(tags="none"))
    surveyed = run_survey(sandbox)
    assert surveyed.verdicts["roster_records"] == WARNS
    assert "values do not have the type in the schema" in surveyed.reasons("roster_records")


# How other answers may differ: the route, its answer, the stream, its verdict, a part of its reason.
OTHERS = {
    "wrapped list": ("/checklists", lambda content, _: {"items": content}, "checklists", FAILS, "unknown shape"),
    "other details": ("/rosterrecords/{id}", lambda c, _: {**c, "id": 1}, DETAILS[0], FAILS, "of another record"),
    "no details": ("/rosterrecords/{id}", lambda *_: [], DETAILS[0], FAILS, "a listed record has no details"),
    "ISO date": (
        "/checklists/{id}/checklistentries",
        lambda content, _: [{**each, "checklistItems": [{"dateCompleted": "2026-03-03"}]} for each in content],
        "checklist_entries", FAILS, "`checklistItems[].dateCompleted`: ",
    ),
    "odd date of a batch": (
        "/deliverytargets/{id}/getbatches/{date}",
        lambda content, _: [{**each, "date": "March 3"} for each in content], "batches", FAILS, "`date`: ",
    ),
    "a batch twice": (
        "/deliverytargets/{id}/getbatches/{date}",
        lambda content, _: content[:1] * 2, "batches", WARNS, "ids occur more than once",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("route", "change", "stream", "verdict", "reason"), OTHERS.values(), ids=OTHERS)
def test_deviating_answer_changes_the_verdict_of_its_stream(sandbox, route, change, stream, verdict, reason):  # noqa: PLR0913, PLR0917
    sandbox.on_answer = answer_changed(change, route)
    surveyed = run_survey(sandbox)
    assert surveyed.verdicts[stream] == verdict
    assert reason in surveyed.reasons(stream)


def test_ignored_flag_of_open_batches_is_a_warning(sandbox):
    sandbox.district = small_district()
    for target in sandbox.district.delivery_targets.values():
        for batch in target.batches:
            batch.auto_open = True
    surveyed = run_survey(sandbox)
    assert surveyed.verdicts["open_batches"] == WARNS
    assert "the service may ignore the flag" in surveyed.reasons("open_batches")
