"""A list of the service that contains an object twice, over a socket: the object is read once, and counted."""

import pytest

from integration_tests.connector import discovered_streams, read_streams
from powerschool_enrollment_sandbox import District, running_sandbox

LISTS = {
    "/publishedactions",
    "/publishedactions/{id}/importschemas",
    "/deliverytargets",
    "/deliverytargets/{id}/getbatches/{date}",
    "/checklists",
    "/checklists/{id}/checklistentries",
}


@pytest.fixture(scope="module", params=["observed", "documented"])
def sandbox(request):
    district = District.generate(forms=1, roster_records_per_form=6, submission_records_per_form=3, data_items=2)
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture
def read(sandbox):
    """Read these streams, where `on_answer` changes the answers."""

    def run(*names, on_answer=None):
        sandbox.on_answer = on_answer
        return read_streams({"api_key": sandbox.api_key, "base_url": sandbox.base_url}, *names)

    yield run
    sandbox.on_answer = None


def test_object_that_a_list_contains_twice_is_read_once(read):
    streams = discovered_streams()
    expected = read(*streams)
    outcome = read(*streams, on_answer=lambda entry, payload: payload * 2 if entry.route in LISTS else payload)
    assert outcome.exit_code == 0
    for name in streams:
        assert len(outcome.records(name)) == len(expected.records(name)), name
    assert all("left out a record that the answer contains twice" in warning for warning in outcome.warnings)
    assert {warning.partition(":")[0] for warning in outcome.warnings} >= {"published_actions", "checklist_entries"}


def test_form_that_is_listed_with_two_titles_is_read_once(read):
    def on_answer(entry, payload):
        return [*payload, {**payload[0], "title": "Another title"}] if entry.route == "/publishedactions" else payload

    outcome = read("published_actions", "roster_records", on_answer=on_answer)
    assert (outcome.exit_code, outcome.warnings) == (0, [])
    assert len(outcome.records("roster_records")) == 6
    assert len(outcome.records("published_actions")) == 2
