"""What the survey does when the service fails, the command is wrong, or the report cannot be written."""

import errno
from unittest.mock import patch

import pytest

from integration_tests.survey.surveys import (
    DETAILS,
    FAILS,
    FIELD,
    UNTESTED,
    WARNS,
    everything_fits,
    run_survey,
    run_with,
)
from powerschool_enrollment_sandbox import Fault
from powerschool_enrollment_survey.plan import Plan

UNKNOWN_ID = 2**31 - 1


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
    # Two requests run at a time, so one more may run at the first and at the last failure.
    assert len(sandbox.journal) <= 10 + 6 + 2
    assert "not sent, because the service failed" in surveyed.reasons("import_schemas")


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
    with patch("powerschool_enrollment_survey.command.markdown_of", side_effect=full):
        surveyed = run_survey(sandbox, as_json=False)
    assert surveyed.exit_code == 2
    assert surveyed.stderr.endswith("The report cannot be written: No space left on device.\n")


def test_interrupted_survey_exits_with_130(sandbox):
    with patch.object(Plan, "gather", side_effect=KeyboardInterrupt):
        surveyed = run_survey(sandbox)
    assert (surveyed.exit_code, surveyed.stdout) == (130, "")
    assert surveyed.stderr.endswith("Interrupted. No report was written.\n")


def test_unexpected_failure_names_its_place_and_no_value(sandbox, monkeypatch):
    monkeypatch.setattr("powerschool_enrollment_survey.command.judge", lambda _: {}["Ada"])
    surveyed = run_survey(sandbox)
    assert surveyed.exit_code == 2
    assert "KeyError in test_failing_services.py, line " in surveyed.stderr
    assert "Ada" not in surveyed.stderr
