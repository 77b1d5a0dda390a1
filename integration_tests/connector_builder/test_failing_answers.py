"""The Connector Builder's manifest with answers without data: refusals, temporary failures and unknown shapes."""

import logging
import re
from types import SimpleNamespace

import backoff
import pytest
from airbyte_cdk.models import FailureType, Status
from airbyte_cdk.sources.streams.http import rate_limiting

from integration_tests.connector import read_streams
from integration_tests.connector_builder.builder import (
    declarative_source,
    in_order,
    read_manifest,
    records_of,
)
from powerschool_enrollment_sandbox import Fault


@pytest.fixture
def no_pauses(monkeypatch):
    """Retry without pauses."""
    for module in (backoff._sync, rate_limiting):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda _seconds: None))


PATHS = {
    "published_actions": "/publishedactions$",
    "import_schemas": "/importschemas$",
    "roster_records": "/rosterrecords$",
    "checklist_details": "/checklists/[0-9]+$",
}
FAULT_PATHS = {"published_actions": "*", "roster_records": "*/rosterrecords", "checklist_details": "/checklists/*"}


def message_of(error):
    return error.trace.error.message


def test_a_refused_key_fails_the_check_in_plain_words_after_one_request(small_service, small_options):
    config = {**small_options, "api_key": "wrong"}
    status = declarative_source(config).check(logging.getLogger("airbyte"), config=config)
    assert status.status is Status.FAILED
    assert "PowerSchool Enrollment refused the API key." in status.message
    assert small_service.journal.count("GET") == 1


@pytest.mark.parametrize("name", FAULT_PATHS)
def test_a_refused_key_is_not_retried(small_service, small_options, name):
    message = "You are not authorized to access this resource."
    small_service.faults.add(Fault("status", path=FAULT_PATHS[name], status=500, message=message))
    errors = read_manifest(small_options, name).errors
    assert "refused the API key" in "".join(map(message_of, errors))
    paths = [entry.path for entry in small_service.journal if re.search(PATHS[name], entry.path)]
    assert len(paths) == len(set(paths))


def test_a_refused_key_is_a_configuration_error(small_options):
    errors = read_manifest({**small_options, "api_key": "wrong"}, "published_actions").errors
    assert FailureType.config_error in {error.trace.error.failure_type for error in errors}


@pytest.mark.parametrize("name", ["import_schemas", "roster_records", "roster_record_details"])
def test_an_object_that_was_removed_after_it_was_listed_is_skipped(small_service, small_options, name):
    gone = min(small_service.district.forms)
    record = small_service.district.forms[gone].roster.ids()[0]
    small_service.faults.add(
        Fault("status", path=f"/publishedactions/{gone}/importschemas", status=404),
        Fault("status", path=f"/rosterrecords/{record}", status=404),
    )
    complete = read_streams({**small_options}, name).records(name)
    output = read_manifest(small_options, name)
    assert output.errors == []
    assert in_order(records_of(output, name)) == in_order(complete)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("status", "body"), [(200, "html"), (503, "html"), (500, "json"), (429, "json"), (408, "empty")]
)
def test_temporary_failure_is_retried(small_service, small_options, status, body):
    small_service.faults.add(Fault("status", path="/publishedactions", status=status, body=body, times=2))
    output = read_manifest(small_options, "published_actions")
    assert output.errors == []
    assert len(records_of(output, "published_actions")) == 2
    assert small_service.journal.count("GET") == 3


UNKNOWN_SHAPES = [
    ("published_actions", {"forms": [{"title": "Jane Q. Doe"}]}),
    ("import_schemas", {"fields": ["Jane Q. Doe"]}),
    ("roster_records", {"metaData": {"page": 1, "pageCount": 1}, "rows": [{"firstName": "Jane Q. Doe"}]}),
    ("roster_records", {"records": [{"firstName": "Jane Q. Doe"}]}),
    ("roster_records", [{"records": [{"firstName": "Jane Q. Doe"}]}]),
    ("checklist_details", [{"title": "Jane Q. Doe"}]),
]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(("name", "answer"), UNKNOWN_SHAPES)
def test_an_answer_of_an_unknown_shape_fails_the_stream_and_is_not_logged(small_service, small_options, name, answer):
    small_service.on_answer = lambda entry, payload: answer if re.search(PATHS[name], entry.path) else payload
    output = read_manifest(small_options, name)
    assert "neither the documented nor the observed shape" in "".join(map(message_of, output.errors))
    assert output.records == []
    assert "Jane Q. Doe" not in f"{output.logs}{output.errors}{output.stderr}"


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("answer", [[], {"metaData": {"page": 1, "pageCount": 0, "recordCount": 0}, "records": None}])
def test_a_form_without_records_is_empty(small_service, small_options, answer):
    small_service.on_answer = lambda entry, payload: answer if entry.path.endswith("/rosterrecords") else payload
    output = read_manifest(small_options, "roster_records")
    assert (output.errors, output.records) == ([], [])
