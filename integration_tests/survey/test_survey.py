"""The survey over a socket, of services that answer as expected or nearly so."""

import pytest

from integration_tests.survey.surveys import (
    FAILS,
    FIELD,
    FITS,
    LISTED,
    UNTESTED,
    WARNS,
    everything_fits,
    records_changed,
    run_survey,
    small_district,
)
from source_powerschool_enrollment.source import MANIFEST

RECORDS = ("roster_records", "submission_records")


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


# Each switch of the sandbox: the settings, the streams whose verdict changes, the new verdict, a part of its reason.
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
def test_switch_that_the_connector_expects_changes_no_verdict(sandbox, settings, fact):
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
    assert "selects a form or year that the service does not list" in surveyed.reasons("published_actions")
    assert "987654" not in surveyed.stdout
