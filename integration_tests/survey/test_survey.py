"""The survey over a socket: the right verdict for each way in which a service can differ from what is expected."""

import errno
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from integration_tests.source.surveys import FIELD, run_survey, run_with, small_district, start_over
from powerschool_enrollment_sandbox import Fault, running_sandbox
from powerschool_enrollment_sandbox.http.journal import JournalEntry
from source_powerschool_enrollment.source import MANIFEST
from source_powerschool_enrollment.survey.plan import Plan

FITS, WARNS, FAILS, UNTESTED = "fits", "fits with warnings", "does not fit", "not tested"
RECORDS = ("roster_records", "submission_records")
DETAILS = ("roster_record_details", "submission_record_details")
LISTED = "/publishedactions/{id}/rosterrecords"
UNKNOWN_ID = 2**31 - 1


@pytest.fixture(scope="module")
def district():
    return small_district()


@pytest.fixture(scope="module")
def running():
    with running_sandbox(district=small_district()) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, district):
    return start_over(running, district)


def everything_fits(surveyed: Any, **others: str) -> bool:
    """Return whether every stream has the verdict that it has with the default sandbox, except for `others`."""
    usual = dict.fromkeys(surveyed.verdicts, FITS) | {"delivered_records": UNTESTED}
    return surveyed.verdicts == usual | others


def records_changed(
    change: Callable[[dict[str, Any]], None], route: str = LISTED
) -> Callable[[JournalEntry, Any], Any]:
    """Return a hook that changes each record of the pages of a route."""

    def hook(entry: JournalEntry, content: Any) -> Any:
        if entry.route == route:
            for record in content["records"]:
                change(record)
        return content

    return hook


def answer_changed(change: Callable[[Any, str], Any], route: str = LISTED) -> Callable[[JournalEntry, Any], Any]:
    """Return a hook that replaces each answer of a route. `change` gets the answer and the query."""
    return lambda entry, content: change(content, entry.query) if entry.route == route else content


def test_default_sandbox_fits(sandbox):
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed)
    assert (surveyed.exit_code, surveyed.facts["suggested"]) == (0, {"page_size": 1000, "num_workers": 8})
    assert surveyed.facts["clock"] == "the same within 5 s"


def test_there_is_a_verdict_for_each_stream_with_a_schema(sandbox):
    assert set(run_survey(sandbox).verdicts) == {path.stem for path in (MANIFEST.parent / "schemas").glob("*.json")}


def test_survey_sends_at_most_forty_get_requests_two_at_a_time(sandbox):
    sandbox.district = small_district(forms=6)
    sandbox.settings.latency_ms = 10
    surveyed = run_survey(sandbox, "--document", FIELD)
    requests = sandbox.journal.entries()
    assert len(requests) == surveyed.facts["requests"]["sent"] == 37
    assert {entry.method for entry in requests} == {"GET"}
    assert sandbox.journal.max_concurrent == 2
    assert not [entry for entry in requests if "secure-uploadeddocuments" in entry.path]


def test_documented_wire_fits(sandbox):
    sandbox.settings.wire = "documented"
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed)
    assert surveyed.record_list("roster_records")["details"] == "list of one"
    assert {each["answer"] for each in surveyed.facts["document_addresses"]} == {"text"}


# Each switch of the sandbox: the settings, the streams whose verdict is another, that verdict, a part of its reason.
SWITCHES = {
    "page in a list": ({"page_shape": "list"}, RECORDS, WARNS, "neither the documented nor the observed shape"),
    "metadata key": ({"metadata_key": "metadata"}, RECORDS, WARNS, "neither the documented nor the observed shape"),
    "newest first": ({"record_order": "reversed"}, RECORDS, WARNS, "ids are descending"),
    "no order": ({"record_order": "unsorted"}, RECORDS, WARNS, "ids are not sorted"),
    "flag after the date": ({"batch_routes": "joined"}, ["open_batches"], FAILS, "only directly after the date"),
    "no flag": ({"batch_routes": "date_only"}, ["open_batches"], FAILS, "not found (404)"),
}


@pytest.mark.parametrize(("settings", "streams", "verdict", "reason"), SWITCHES.values(), ids=SWITCHES)
def test_switch_changes_the_verdict_of_its_streams(sandbox, settings, streams, verdict, reason):
    vars(sandbox.settings).update(settings)
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed, **dict.fromkeys(streams, verdict))
    assert all(reason in surveyed.reasons(stream) for stream in streams)
    assert surveyed.exit_code == (verdict == FAILS)


@pytest.mark.parametrize(
    ("settings", "fact"),
    [
        ({"detail_shape": "list"}, {"details": "list of one"}),
        ({"page_beyond_last": "last"}, {"beyond_last_page": "the last page"}),
        ({"page_beyond_last": "not_found"}, {"beyond_last_page": "404"}),
        ({"page_size_cap": 40}, {"page_sizes": {"default size": 40, "50": 40, "100": 40, "1000": 40}}),
    ],
)
def test_switch_that_the_connector_expects_is_only_a_fact(sandbox, settings, fact):
    vars(sandbox.settings).update(settings)
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed)
    assert surveyed.record_list("submission_records").items() >= fact.items()


def test_suggested_page_size_is_one_that_the_service_answers(sandbox):
    sandbox.settings.page_size_cap = 40
    assert run_survey(sandbox).facts["suggested"]["page_size"] == 40


def test_ids_as_text_are_a_warning(sandbox):
    sandbox.settings.ids_as_text = True
    surveyed = run_survey(sandbox, "--document", FIELD)
    fitting = {name for name, verdict in surveyed.verdicts.items() if verdict == FITS}
    assert fitting == {"batches", "open_batches", "documents"}
    assert "ids are texts of digits" in surveyed.reasons("checklists")
    assert FAILS not in surveyed.verdicts.values()


def test_clock_of_the_service_is_compared(sandbox):
    sandbox.clock.shift(hours=-3)
    assert run_survey(sandbox).facts["clock"] == "up to a day behind"


def test_rate_limit_headers_are_shown(sandbox):
    sandbox.settings.headers = {"X-RateLimit-Limit": "60", "RateLimit-Remaining": "about sixty"}
    headers = run_survey(sandbox).facts["headers"]
    assert (headers["X-RateLimit-Limit"], headers["RateLimit-Remaining"]) == (["60"], ["another value"])


def spelt_in_capitals(record):
    record["FirstName"] = record.pop("firstName")


def with_us_date(record):
    record["imported"] = "04/15/2026"


def second_page_again(content, query):
    if "page=2" in query:
        content["records"] = [{**record, "id": place} for place, record in enumerate(content["records"])]
    return content


def paging_ignored():
    """Return a change that answers page 1 whenever a page of the same size is requested."""
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


# How an endpoint may fail: the path, the fault, streams that do not fit, streams that are not tested, a reason.
FAILURES = {
    "no deliveries": (
        "/deliverytargets", {"status": 404}, ["delivery_targets"], ["batches", "open_batches"], "not found (404)",
    ),
    "no right": ("/checklists", {"status": 403}, ["checklists"], ["checklist_entries"], "the key is refused"),
    "failing": ("*/rosterrecords", {"status": 500}, ["roster_records"], [DETAILS[0]], "failed (status 500)"),
    "refused": ("*/importschemas", {"status": 400}, ["import_schemas"], [], "refuses the request (status 400)"),
    "redirect": ("*/getbatches/2000-01-01", {"status": 302}, ["batches", "delivered_records"], [], "redirects"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "fault", "failing", "untested", "reason"), FAILURES.values(), ids=FAILURES)
def test_failing_endpoint_changes_the_verdict_of_its_streams(sandbox, path, fault, failing, untested, reason):  # noqa: PLR0913, PLR0917
    sandbox.faults.add(Fault("status", path=path, **fault))
    surveyed = run_survey(sandbox)
    assert {name for name, verdict in surveyed.verdicts.items() if verdict == FAILS} == set(failing)
    assert {surveyed.verdicts[stream] for stream in untested} <= {UNTESTED}
    assert reason in surveyed.reasons(failing[0])
    assert surveyed.exit_code == 1


def test_failing_connection_test_does_not_fit_and_the_streams_are_tested(sandbox):
    sandbox.faults.add(Fault("status", path="/connection/test", status=404))
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed)
    assert surveyed.facts["check"] == {"verdict": FAILS, "reasons": ["/connection/test: not found (404)"]}
    assert surveyed.exit_code == 1


def test_unknown_id_that_is_not_answered_with_404_is_a_warning(sandbox):
    sandbox.faults.add(Fault("status", path=f"/*records/{UNKNOWN_ID}", status=500))
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed, **dict.fromkeys(DETAILS, WARNS))
    assert "an unknown id: the service failed (status 500)" in surveyed.reasons(DETAILS[0])


def test_repaired_answers_are_a_warning(sandbox):
    sandbox.faults.add(Fault("nul", path="/checklists"))
    assert "U+0000 characters, removed" in run_survey(sandbox).reasons("checklists")


def test_temporary_failure_is_retried_and_noted(sandbox):
    sandbox.faults.add(Fault("status", path="/checklists", status=429, times=1))
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert everything_fits(surveyed)
    assert surveyed.facts["suggested"]["num_workers"] == 2
    (endpoint,) = [each for each in surveyed.facts["endpoints"] if each["endpoint"] == "/checklists"]
    assert endpoint["outcomes"] == {"the service asks for fewer requests (429)": 1, "answered": 1}


def test_survey_stops_when_the_service_asks_for_a_long_pause(sandbox):
    sandbox.faults.add(Fault("status", path="/deliverytargets", status=429, retry_after=600))
    surveyed = run_survey(sandbox)
    assert surveyed.verdicts["roster_records"] == UNTESTED
    assert len(sandbox.journal) <= 6
    assert surveyed.facts["headers"]["Retry-After"] == ["600"]


def test_survey_stops_when_the_service_goes_down(sandbox):
    sandbox.faults.add(Fault("drop", skip=10))
    surveyed = run_survey(sandbox)
    assert len(sandbox.journal) <= 10 + 6 + 2  # of two at a time, one may overlap the first failure, and one the last
    assert "not asked, because the service failed" in surveyed.reasons("import_schemas")


def test_empty_district_is_not_tested(sandbox):
    sandbox.on_answer = lambda _, content: [] if isinstance(content, list) else content
    surveyed = run_survey(sandbox)
    assert set(surveyed.verdicts.values()) == {UNTESTED}
    assert surveyed.exit_code == 0


def test_field_names_are_shown_only_on_request(sandbox):
    sandbox.on_answer = records_changed(lambda record: record.update({"middleName": "Q", "«Ada»": "Q"}))
    assert "stu_FirstName" not in run_survey(sandbox).stdout
    shown = {
        row["field"]: row["state"]
        for row in run_survey(sandbox, "--field-names").facts["fields"]["roster_records"]["rows"]
    }
    assert shown["middleName"] == shown["a name that is not shown"] == "new"
    assert shown["dataItems.stu_FirstName"] == "in the form"


def test_document_field_without_documents_is_not_tested(sandbox):
    surveyed = run_survey(sandbox, "--document", "doc_Nothing")
    assert "has a value in the data item" in surveyed.reasons("documents")


def test_search_parameters_are_sent_with_pages(sandbox):
    run_survey(sandbox, record_search=[{"parameter": "status", "value": "Held"}])
    assert all("status=Held" in entry.query for entry in sandbox.journal.entries(path=LISTED))


def test_only_selected_forms_are_requested(sandbox):
    form = max(sandbox.district.forms)
    run_survey(sandbox, published_actions={"mode": "ids", "ids": [form]})
    assert {entry.path.split("/")[2] for entry in sandbox.journal.entries(path=LISTED)} == {str(form)}


def test_selection_of_unknown_forms_is_a_warning_without_ids(sandbox):
    surveyed = run_survey(sandbox, published_actions={"mode": "ids", "ids": [987654]})
    assert "selects what the service does not list" in surveyed.reasons("published_actions")
    assert "987654" not in surveyed.stdout


def test_refused_key_exits_with_2_and_one_request(sandbox):
    surveyed = run_survey(sandbox, api_key="wrong")
    assert (surveyed.exit_code, surveyed.stdout) == (2, "")
    assert "the API key was refused" in surveyed.stderr
    assert len(sandbox.journal) == 1


def test_unreachable_service_exits_with_2(sandbox):
    surveyed = run_survey(sandbox, base_url="http://127.0.0.1:9/api/v1")
    assert surveyed.exit_code == 2
    assert "GET /connection/test" in surveyed.stderr


def test_service_that_answers_html_exits_with_2(sandbox):
    sandbox.faults.add(Fault("status", status=200, body="html"))
    surveyed = run_survey(sandbox)
    assert (surveyed.exit_code, surveyed.stdout) == (2, "")


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is not valid JSON"), ("{}", "api_key"), ('{"api_key": "k", "pagesize": 3}', "pagesize")],
)
def test_wrong_configuration_exits_with_2(tmp_path, content, message):
    file = tmp_path / "config.json"
    file.write_text(content)
    surveyed = run_with(["--config", str(file)])
    assert surveyed.exit_code == 2
    assert message in surveyed.stderr


def test_report_that_cannot_be_written_exits_with_2(sandbox):
    full = OSError(errno.ENOSPC, "No space left on device")
    with patch("source_powerschool_enrollment.survey.command.markdown_of", side_effect=full):
        surveyed = run_survey(sandbox, as_json=False)
    assert surveyed.exit_code == 2
    assert surveyed.stderr.endswith("The report cannot be written: No space left on device.\n")


def test_interrupted_survey_exits_with_130(sandbox):
    with patch.object(Plan, "gather", side_effect=KeyboardInterrupt):
        surveyed = run_survey(sandbox)
    assert (surveyed.exit_code, surveyed.stdout) == (130, "")
    assert surveyed.stderr.endswith("Interrupted. No report was written.\n")


def test_unexpected_failure_names_its_place_and_no_value(sandbox, monkeypatch):
    monkeypatch.setattr("source_powerschool_enrollment.survey.command.judge", lambda _: {}["Ada"])
    surveyed = run_survey(sandbox)
    assert surveyed.exit_code == 2
    assert "KeyError in test_survey.py, line " in surveyed.stderr
    assert "Ada" not in surveyed.stderr
