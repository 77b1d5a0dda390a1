"""The Connector Builder's manifest: the Builder reads it, and its records equal those of the Python source."""

import json
import logging
import re
from types import SimpleNamespace

import backoff
import pytest
from airbyte_cdk.models import AirbyteStateMessageSerializer, FailureType, Status
from airbyte_cdk.sources.declarative.parsers.manifest_reference_resolver import ManifestReferenceResolver
from airbyte_cdk.sources.streams.http import rate_limiting

from integration_tests.connector import read_streams
from integration_tests.connector_builder.builder import (
    MANIFEST,
    STREAMS,
    ask_builder,
    declarative_source,
    pages_of,
    read_manifest,
    records_of,
    shown_by_test_read,
)
from powerschool_enrollment_sandbox import District, Fault, running_sandbox
from unit_tests.source.test_manifest import components, known_keys

RESOLVED = ManifestReferenceResolver().preprocess_manifest(MANIFEST)
COMPONENTS = [*components({**RESOLVED, "spec": {}})]
PAGE_SIZE = 10


@pytest.fixture(scope="module", params=["observed", "documented"])
def service(request):
    """A sandbox that no test changes, in each wire shape."""
    district = District.generate(
        forms=3, roster_records_per_form=23, submission_records_per_form=12, checklist_entries=6, approved_waiting=5
    )
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def options(service):
    return {"api_key": service.api_key, "base_url": service.base_url, "page_size": PAGE_SIZE}


@pytest.fixture(params=["observed", "documented"])
def small(request):
    """A small sandbox that a test may change, in each wire shape."""
    district = District.generate(forms=2, roster_records_per_form=5, submission_records_per_form=3, checklist_entries=4)
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture
def small_options(small):
    return {"api_key": small.api_key, "base_url": small.base_url}


@pytest.fixture
def no_pauses(monkeypatch):
    """Retry without pauses."""
    for module in (backoff._sync, rate_limiting):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda _seconds: None))


# What the manifest consists of


def test_manifest_has_no_python_components():
    assert [component for component in COMPONENTS if "class_name" in component] == []


def test_the_cdk_knows_every_key_of_every_component():
    assert [key for component in COMPONENTS for key in component.keys() - known_keys(component)] == []


def test_no_parameter_leaks_into_other_components():
    assert [component for component in COMPONENTS if "$parameters" in component] == []


def test_no_requester_keeps_responses_on_disk():
    requesters = [component for component in COMPONENTS if component["type"] == "HttpRequester"]
    assert requesters
    assert all(requester["use_cache"] is False for requester in requesters)


def test_streams_schemas_and_primary_keys_equal_those_of_the_source(streams):
    config = {"api_key": "sandbox-key", "base_url": "https://registration.powerschool.com/api/v1"}
    catalog = declarative_source(config).discover(logger=None, config=config)
    found = {stream.name: (stream.json_schema, stream.source_defined_primary_key) for stream in catalog.streams}
    assert found == {
        name: (stream["json_schema"], stream["source_defined_primary_key"]) for name, stream in streams.items()
    }


# What the Builder shows


def test_the_builder_resolves_every_stream(options):
    resolved = ask_builder("resolve_manifest", options, MANIFEST).record.data["manifest"]
    assert [stream["name"] for stream in resolved["streams"]] == STREAMS
    full = ask_builder("full_resolve_manifest", options, MANIFEST).record.data["manifest"]
    assert [stream["name"] for stream in full["streams"]] == STREAMS
    assert "$ref" not in json.dumps(full["streams"])


@pytest.mark.parametrize("name", STREAMS)
def test_a_test_read_shows_requests_responses_and_records(service, options, name):
    shown = shown_by_test_read(options, MANIFEST, name)
    assert [log["message"] for log in shown["logs"] if log["level"] in {"WARN", "ERROR", "FATAL"}] == []
    pages = [*pages_of(shown)]
    assert pages
    for page in pages:
        assert page["request"]["http_method"] == "GET"
        assert page["request"]["url"].startswith(service.base_url)
        assert page["response"]["status"] == 200
        assert json.loads(page["response"]["body"])
    assert any(page["records"] for page in pages)


def test_a_test_read_shows_each_page_of_a_form(options):
    first, *_ = shown_by_test_read(options, MANIFEST, "roster_records")["slices"]
    assert [len(page["records"]) for page in first["pages"]] == [10, 10, 3]


def test_the_manifest_that_the_builders_form_keeps_reads_the_same(options):
    flags = {"__should_migrate": True, "__should_normalize": True}
    kept = ask_builder("resolve_manifest", options, MANIFEST, **flags).record.data["manifest"]
    assert kept != MANIFEST
    for name in ("import_schemas", "submission_records", "checklist_entries"):
        pages = [page["records"] for page in pages_of(shown_by_test_read(options, MANIFEST, name))]
        again = [page["records"] for page in pages_of(shown_by_test_read(options, _resolved(kept), name))]
        assert [[*map(_without_synced_at, page)] for page in again] == [
            [*map(_without_synced_at, page)] for page in pages
        ]


def _resolved(manifest):
    return ManifestReferenceResolver().preprocess_manifest(manifest)


def _without_synced_at(record):
    return {name: value for name, value in record.items() if name != "synced_at"}


# The same records as the Python source


@pytest.fixture(scope="module")
def both(options):
    """All records of each stream, read by the manifest and by the Python source."""
    from_manifest = read_manifest(options, *STREAMS)
    from_python = read_streams(options, *STREAMS)
    assert from_manifest.errors == from_python.errors == []
    return {name: (_by_key(records_of(from_manifest, name)), _by_key(from_python.records(name))) for name in STREAMS}


def _by_key(records):
    records = [_without_synced_at(record) for record in records]
    return sorted(records, key=lambda record: (str(record["id"]), json.dumps(record, sort_keys=True)))


@pytest.mark.parametrize("name", STREAMS)
def test_every_record_equals_the_python_sources_field_by_field(both, name):
    from_manifest, from_python = both[name]
    assert from_python or name == "open_batches"
    assert from_manifest == from_python


def test_the_records_of_record_lists_have_the_time_at_which_they_were_read(options):
    for name in ("roster_records", "submission_records"):
        from_manifest = records_of(read_manifest(options, name), name)[0]["synced_at"]
        from_python = read_streams(options, name).records(name)[0]["synced_at"]
        assert len(from_manifest) == len(from_python) == len("2026-11-26T02:15:00.000000Z")


def test_batches_continue_from_the_state_of_either_source(options):
    first = read_manifest(options, "batches", sync_mode="incremental")
    state = [AirbyteStateMessageSerializer.dump(first.state_messages[-1].state)]
    python_state = [{**read_streams(options, "batches", sync_mode="incremental").states[-1]}]
    expected = read_streams(options, "batches", sync_mode="incremental", state=state).records("batches")
    assert 0 < len(expected) < len(first.records)
    for saved in (state, python_state):
        messages = [AirbyteStateMessageSerializer.load(message) for message in json.loads(json.dumps(saved))]
        again = read_manifest(options, "batches", sync_mode="incremental", state=messages)
        assert _by_key(records_of(again, "batches")) == _by_key(expected)


def test_only_the_forms_of_the_chosen_years_are_read(service, options):
    year = next(form.academic_year for form in service.district.forms.values())
    chosen = {form.id for form in service.district.forms.values() if form.academic_year == year}
    output = read_manifest({**options, "academic_years": [year]}, "published_actions", "roster_records")
    assert {record["published_action_id"] for record in records_of(output, "roster_records")} == chosen
    assert len(records_of(output, "published_actions")) == len(service.district.forms)


def test_the_answered_page_count_decides_when_the_list_ends(small, small_options):
    small.settings.page_size_cap = 2
    records = records_of(read_manifest({**small_options, "page_size": 1000}, "roster_records"), "roster_records")
    assert len(records) == 10
    assert len({record["id"] for record in records}) == 10


# Times and dates

TIMES = [
    "2011-06-08T16:53:05",
    "2011-06-08T16:53:05Z",
    "2011-06-08T16:53:05.123",
    "2011-06-08T16:53:05+02:00",
    "2011-06-08 16:53",
    "2011-06-08",
    "",
    None,
    "yesterday",
    "06/08/2011",
    "2011-13-08T16:53:05",
    "2011-06-08T25:53:05",
    7,
    {"time": "2011-06-08T16:53:05"},
]


def test_times_and_dates_of_any_format_equal_those_of_the_python_source(small, small_options):
    def on_answer(_entry, payload):
        page = payload[0] if isinstance(payload, list) else payload
        page["records"] = [{"id": number, "submitted": sent, "dateOfBirth": sent} for number, sent in enumerate(TIMES)]
        return payload

    on_pages(small, on_answer)
    assert_both_read_the_same(small_options, "roster_records")


ITEMS = [
    {"dateCompleted": "02/03/2015"},
    {"dateCompleted": "2/3/2015", "adminNote": "'\"{{ 1 }}\né\\"},
    {"dateCompleted": "2015-02-03"},
    {"dateCompleted": ""},
    {"dateCompleted": None},
    {},
    "text",
    7,
    None,
    [],
]


@pytest.mark.parametrize("items", [ITEMS, [], None, "text", 7, {"dateCompleted": "02/03/2015"}], ids=repr)
def test_checklist_items_of_any_shape_equal_those_of_the_python_source(small, small_options, items):
    def on_answer(entry, payload):
        if entry.path.endswith("/checklistentries"):
            payload[0]["checklistItems"] = items
        return payload

    small.on_answer = on_answer
    assert_both_read_the_same(small_options, "checklist_entries")


def on_pages(sandbox, change):
    """Let `change` change each page of a roster."""
    sandbox.on_answer = lambda entry, payload: (
        change(entry, payload) if entry.path.endswith("/rosterrecords") else payload
    )


def assert_both_read_the_same(options, name):
    output = read_manifest(options, name)
    assert output.errors == []
    assert _by_key(records_of(output, name)) == _by_key(read_streams(options, name).records(name))


# Answers that are not data

PATHS = {
    "published_actions": "/publishedactions$",
    "import_schemas": "/importschemas$",
    "roster_records": "/rosterrecords$",
    "checklist_details": "/checklists/[0-9]+$",
}
FAULT_PATHS = {"published_actions": "*", "roster_records": "*/rosterrecords", "checklist_details": "/checklists/*"}


def message_of(error):
    return error.trace.error.message


def test_a_refused_key_fails_the_check_in_plain_words_after_one_request(small, small_options):
    config = {**small_options, "api_key": "wrong"}
    status = declarative_source(config).check(logging.getLogger("airbyte"), config=config)
    assert status.status is Status.FAILED
    assert "PowerSchool Enrollment refused the API key." in status.message
    assert small.journal.count("GET") == 1


@pytest.mark.parametrize("name", FAULT_PATHS)
def test_a_refused_key_is_not_retried(small, small_options, name):
    message = "You are not authorized to access this resource."
    small.faults.add(Fault("status", path=FAULT_PATHS[name], status=500, message=message))
    errors = read_manifest(small_options, name).errors
    assert "refused the API key" in "".join(map(message_of, errors))
    paths = [entry.path for entry in small.journal if re.search(PATHS[name], entry.path)]
    assert len(paths) == len(set(paths))


def test_a_refused_key_is_a_configuration_error(options):
    errors = read_manifest({**options, "api_key": "wrong"}, "published_actions").errors
    assert FailureType.config_error in {error.trace.error.failure_type for error in errors}


@pytest.mark.parametrize("name", ["import_schemas", "roster_records", "roster_record_details"])
def test_an_object_that_was_removed_after_it_was_listed_is_skipped(small, small_options, name):
    gone = min(small.district.forms)
    record = small.district.forms[gone].roster.ids()[0]
    small.faults.add(
        Fault("status", path=f"/publishedactions/{gone}/importschemas", status=404),
        Fault("status", path=f"/rosterrecords/{record}", status=404),
    )
    complete = read_streams({**small_options}, name).records(name)
    output = read_manifest(small_options, name)
    assert output.errors == []
    assert _by_key(records_of(output, name)) == _by_key(complete)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("status", "body"), [(200, "html"), (503, "html"), (500, "json"), (429, "json"), (408, "empty")]
)
def test_temporary_failure_is_retried(small, small_options, status, body):
    small.faults.add(Fault("status", path="/publishedactions", status=status, body=body, times=2))
    output = read_manifest(small_options, "published_actions")
    assert output.errors == []
    assert len(records_of(output, "published_actions")) == 2
    assert small.journal.count("GET") == 3


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
def test_an_answer_of_an_unknown_shape_fails_the_stream_and_is_not_logged(small, small_options, name, answer):
    small.on_answer = lambda entry, payload: answer if re.search(PATHS[name], entry.path) else payload
    output = read_manifest(small_options, name)
    assert "neither the documented nor the observed shape" in "".join(map(message_of, output.errors))
    assert output.records == []
    assert "Jane Q. Doe" not in f"{output.logs}{output.errors}{output.stderr}"


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("answer", [[], {"metaData": {"page": 1, "pageCount": 0, "recordCount": 0}, "records": None}])
def test_a_form_without_records_is_empty(small, small_options, answer):
    small.on_answer = lambda entry, payload: answer if entry.path.endswith("/rosterrecords") else payload
    output = read_manifest(small_options, "roster_records")
    assert (output.errors, output.records) == ([], [])
