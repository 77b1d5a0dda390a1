"""The messages of `spec`, `check` and `discover`, and what a refused `read` prints."""

import socket

import pytest

from integration_tests.connector import configured_catalog, read_streams, run_source
from powerschool_enrollment_sandbox import Fault
from unit_tests.source.test_manifest import SCHEMAS

STREAMS = {schema.stem for schema in SCHEMAS} - {"delivered_records", "documents"}  # these two need an option


def check(config, **options):
    outcome = run_source("check", config=config, **options)
    assert outcome.exit_code == 0
    return outcome.connection_status


def test_spec_prints_the_specification():
    (spec,) = run_source("spec").of_type("SPEC")
    assert spec["connectionSpecification"]["required"] == ["api_key"]


def test_discover_needs_no_service_and_lists_every_stream():
    catalog = run_source("discover", config={"api_key": "sandbox-key", "base_url": "http://127.0.0.1:9"}).catalog
    assert catalog.keys() == STREAMS


def test_check_succeeds_in_two_requests(sandbox, config):
    assert check(config) == {"status": "SUCCEEDED"}
    assert [entry.path for entry in sandbox.journal] == ["/connection/test", "/publishedactions"]


@pytest.mark.parametrize("status", [500, 401, 403])
def test_check_names_the_option_of_a_refused_key(sandbox, config, status):
    sandbox.settings.refusal_status = status
    answer = check({**config, "api_key": "a-wrong-key"})
    assert answer["status"] == "FAILED"
    assert "the API key was refused" in answer["message"]
    assert "option api_key" in answer["message"]
    assert "a-wrong-key" not in answer["message"]
    assert sandbox.journal.count() == 1


def test_check_reports_a_refused_connection():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        answer = check({"api_key": "sandbox-key", "base_url": f"http://127.0.0.1:{port}"})
    assert f"127.0.0.1:{port} refuses the connection. Check the option base_url" in answer["message"]


def test_check_reports_the_address_of_another_service(sandbox, config):
    sandbox.faults.add(Fault("status", path="*", status=404, body="html"))
    assert "not the PowerSchool Enrollment API's" in check(config)["message"]


def test_check_names_the_survey_where_an_answer_is_unexpected(sandbox, config):
    sandbox.on_answer = lambda entry, content: {"forms": content} if entry.path == "/publishedactions" else content
    assert check(config)["message"].endswith(
        "Run powerschool-enrollment-survey: it shows which streams fit this service."
    )
    sandbox.on_answer = None
    sandbox.faults.add(Fault("status", status=503))
    assert "survey" not in check(config)["message"]


def test_check_distinguishes_an_outage_from_a_wrong_address(sandbox, config):
    sandbox.faults.add(Fault("status", path="*", status=503, body="html"))
    assert "health status is not available either" in check(config)["message"]
    assert sandbox.journal.count() <= 5


def test_check_names_a_form_that_does_not_exist(sandbox, config):
    answer = check({**config, "published_actions": {"mode": "ids", "ids": [1]}})
    assert "published_actions.ids names 1" in answer["message"]
    assert str(next(iter(sandbox.district.forms))) in answer["message"]


def test_check_names_a_misspelt_option(config):
    assert check({**config, "pagesize": 10})["message"] == "Unknown option pagesize; did you mean page_size?"


def assert_refused(outcome, message):
    """Assert that a command ended with one error message and nothing else."""
    assert outcome.exit_code == 1
    assert outcome.stderr == ""
    (error,) = outcome.errors
    assert error == {"message": message, "failure_type": "config_error"}
    assert not [log for log in outcome.of_type("LOG") if log["level"] in {"ERROR", "FATAL"}]


@pytest.mark.parametrize("command", ["discover", "read"])
def test_no_command_runs_with_a_misspelt_option(sandbox, config, command):
    files = {"catalog": {"streams": []}} if command == "read" else {}
    outcome = run_source(command, config={**config, "page_sizes": 10}, **files)
    assert_refused(outcome, "Unknown option page_sizes; did you mean page_size?")
    assert sandbox.journal.count() == 0


def test_read_of_an_unknown_stream_fails_before_any_request(sandbox, config):
    stream = {"name": "rooster_records", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    catalog = configured_catalog({"rooster_records": stream}, ["rooster_records"])
    outcome = run_source("read", config=config, catalog=catalog)
    assert_refused(outcome, "Unknown stream rooster_records; did you mean roster_records? Refresh the source's schema.")
    assert sandbox.journal.count() == 0


def test_invalid_catalog_file_is_reported_in_one_message(config):
    outcome = run_source("read", config=config, catalog=["nothing"])
    (error,) = outcome.errors
    assert "catalog.json, given with --catalog, is not a configured catalog. A configured" in error["message"]
    assert_refused(outcome, error["message"])


def test_refused_key_is_reported_once_per_stream_without_a_stack_trace(config):
    outcome = read_streams({**config, "api_key": "a-wrong-key"}, *sorted(STREAMS))
    *of_streams, last = outcome.errors
    assert outcome.exit_code == 1
    assert {error["stream_descriptor"]["name"] for error in of_streams} == STREAMS
    assert len(of_streams) == len(STREAMS)
    assert all(error.keys() == {"message", "failure_type", "stream_descriptor"} for error in of_streams)
    assert last["message"].startswith("Not read completely: ")
    assert "Traceback" not in outcome.stdout + outcome.stderr


def test_check_escapes_half_of_a_surrogate_pair():
    status = run_source("check", config={"api_key": "a-key", "a\ud800": 1}).connection_status
    assert status["status"] == "FAILED"
    assert status["message"].startswith("Unknown option a\\ud800;")
