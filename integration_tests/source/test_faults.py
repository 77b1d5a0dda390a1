"""Faults of the service: the source emits all records, or fails with the expected error.

The fixture `read` logs at the level DEBUG, and checks that no log contains a record's value or the key.
"""

import socket

import pytest
from tenacity import wait_fixed

from integration_tests.connector import configured_catalog, run_source
from powerschool_enrollment_sandbox import Fault

SHORT_TIMEOUTS = {
    "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS": "1",
    "POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "1",
}
WITHOUT_PROXY = {"HTTPS_PROXY": "", "https_proxy": "", "ALL_PROXY": "", "all_proxy": ""}
ROSTER_PAGES = "/publishedactions/*/rosterrecords"


@pytest.fixture(autouse=True)
def _short_back_off(monkeypatch):
    monkeypatch.setattr("powerschool_enrollment_api.retry._BACK_OFF", wait_fixed(0.1))


@pytest.fixture
def read(sandbox, config, streams):
    """Read a stream, roster records by default, from a service with these faults, and check that no value leaks."""
    form = next(iter(sandbox.district.forms.values()))
    config = {**config, "published_actions": {"mode": "ids", "ids": [form.id]}}

    def run(*faults, stream="roster_records", retry_seconds=4, **options):
        sandbox.faults.add(*faults)
        catalog = configured_catalog(streams, [stream])
        environment = {**SHORT_TIMEOUTS, "POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": str(retry_seconds)}
        outcome = run_source("read", config={**config, **options}, catalog=catalog, environment=environment, debug=True)
        for record_id in form.roster.ids()[:20]:
            assert_nothing_leaks(outcome, form.roster[record_id], options.get("api_key", sandbox.api_key))
        return outcome

    return run


def assert_nothing_leaks(outcome, record, api_key):
    logged = outcome.stderr + "".join(
        line for line in outcome.stdout.splitlines() if not line.startswith('{"type":"RECORD"')
    )
    values = {record["lastName"], record["externalStudentID"], record["dataItems"]["stu_LastName"]}
    values |= {value for value in record["dataItems"].values() if value and len(value) > 12}
    assert not [value for value in values if value in logged]
    assert api_key not in logged


def assert_complete(outcome, sandbox):
    form = next(iter(sandbox.district.forms.values()))
    assert sorted(record["id"] for record in outcome.records("roster_records")) == sorted(form.roster.ids())
    assert (outcome.exit_code, outcome.errors) == (0, [])


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", path=ROSTER_PAGES, status=503, times=2),
        Fault("status", path=ROSTER_PAGES, status=503, body="html", times=1),
        Fault("status", path=ROSTER_PAGES, status=200, body="html", times=1),
        Fault("status", path=ROSTER_PAGES, status=200, body="empty", times=1),
        Fault("status", path=ROSTER_PAGES, status=429, retry_after=1, times=1),
        Fault("status", path=ROSTER_PAGES, status=429, times=1),
        Fault("truncate", path=ROSTER_PAGES, times=1),
        Fault("status", path=ROSTER_PAGES, status=302, headers={"Location": "https://example.invalid/"}, times=2),
        Fault("drop", path=ROSTER_PAGES, times=1),
        Fault("hang", path=ROSTER_PAGES, seconds=30, times=1),
        Fault("bom", path="*"),
        Fault("extra_keys", path="*"),
        Fault("bad_byte", path="*"),
        Fault("nul", path="*"),
        Fault("broken_json", path=ROSTER_PAGES, times=1),
        Fault("status", path="/publishedactions", status=500, times=1),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body}-{fault.path}",
)
def test_records_are_complete_after_a_temporary_failure(read, sandbox, fault):
    assert_complete(read(fault), sandbox)


@pytest.mark.parametrize("sync_mode", ["full_refresh", "incremental"])
def test_long_number_is_kept_exactly_in_both_sync_modes(sandbox, config, streams, sync_mode):
    sandbox.faults.add(Fault("long_number", path=ROSTER_PAGES))
    catalog = configured_catalog(streams, ["roster_records"], sync_mode)
    outcome = run_source("read", config=config, catalog=catalog, environment=SHORT_TIMEOUTS)

    numbers = {record["dataItems"]["sandboxLongNumber"] for record in outcome.records("roster_records")}
    assert numbers == {"123456789012345678901234567890"}
    assert (outcome.exit_code, outcome.errors) == (0, [])


def test_retry_after_is_respected(read, sandbox):
    assert_complete(read(Fault("status", path=ROSTER_PAGES, status=429, retry_after=2, times=1)), sandbox)
    first, second, *_ = sandbox.journal.entries(path=ROSTER_PAGES)
    assert second.began - first.ended >= 2


@pytest.mark.parametrize(
    ("fault", "failure_type", "message"),
    [
        (Fault("status", path=ROSTER_PAGES, status=503, body="html"), "transient_error", "failed with status 503"),
        (Fault("status", path=ROSTER_PAGES, status=429), "transient_error", "asks for fewer requests"),
        (Fault("hang", path=ROSTER_PAGES, seconds=30), "transient_error", "did not answer in time"),
        (Fault("drop", path=ROSTER_PAGES), "transient_error", "the connection was lost"),
        (Fault("status", path=ROSTER_PAGES, status=200, body="html"), "transient_error", "HTML where JSON is expected"),
        (Fault("status", path=ROSTER_PAGES, status=400), "system_error", "refused the request with status 400"),
        (Fault("status", path=ROSTER_PAGES, status=401), "config_error", "option api_key"),
        (
            Fault("status", path=ROSTER_PAGES, status=302, headers={"Location": "https://example.invalid/"}),
            "transient_error",
            "redirects elsewhere",
        ),
        (
            Fault("status", path=ROSTER_PAGES, status=301, headers={"Location": "https://example.invalid/"}),
            "config_error",
            "redirects elsewhere",
        ),
        (
            Fault("status", path="/publishedactions", status=302, headers={"Location": "https://example.invalid/"}),
            "config_error",
            "redirects elsewhere",
        ),
        (Fault("broken_json", path=ROSTER_PAGES), "system_error", "Page 1: the body is not JSON from byte "),
        (Fault("without_records", path=ROSTER_PAGES), "system_error", "claims 130 records and shows none"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else None,
)
def test_a_lasting_fault_fails_the_stream_with_its_reason(read, fault, failure_type, message):
    outcome = read(fault, retry_seconds=1)
    of_stream = [error for error in outcome.errors if error.get("stream_descriptor")]
    assert outcome.exit_code != 0
    assert {error["failure_type"] for error in of_stream} == {failure_type}
    assert message in of_stream[0]["message"]


def test_refused_key_fails_the_read_after_one_request(read, sandbox):
    outcome = read(api_key="another-districts-key")
    assert outcome.exit_code != 0
    assert "option api_key" in outcome.errors[0]["message"]
    assert outcome.errors[0]["failure_type"] == "config_error"
    assert sandbox.journal.count("GET", "/publishedactions") == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://enrollment.invalid", "enrollment.invalid cannot be resolved"),
        ("http://127.0.0.1:{free_port}", "127.0.0.1:{free_port} refuses the connection"),
    ],
)
def test_unreachable_address_is_a_config_error_without_a_check(config, streams, address, message):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        config = {**config, "base_url": address.format(free_port=port)}
        catalog = configured_catalog(streams, ["published_actions", "roster_records", "checklists"])
        outcome = run_source("read", config=config, catalog=catalog, environment={**SHORT_TIMEOUTS, **WITHOUT_PROXY})
    message = message.format(free_port=port)
    of_streams = [error for error in outcome.errors if error.get("stream_descriptor")]
    assert outcome.exit_code != 0
    assert [error["failure_type"] for error in of_streams] == ["config_error"] * 3
    assert all(message in error["message"] and "option base_url" in error["message"] for error in of_streams)
    assert any(message in warning and "Trying again in" in warning for warning in outcome.warnings)


def test_removed_detail_is_a_counted_warning(read, sandbox):
    form = next(iter(sandbox.district.forms.values()))
    gone = form.roster.ids()[5]
    outcome = read(Fault("status", path=f"/rosterrecords/{gone}", status=404), stream="roster_record_details")
    there = {record["id"] for record in outcome.records("roster_record_details")}
    assert there == set(form.roster.ids()) - {gone}
    assert outcome.exit_code == 0
    assert any("roster_record_details" in warning and "removed" in warning for warning in outcome.warnings)


def test_other_streams_finish_when_one_fails(sandbox, config, streams):
    sandbox.faults.add(Fault("status", path="*/importschemas", status=400))
    outcome = run_source("read", config=config, catalog=configured_catalog(streams, ["import_schemas", "checklists"]))
    assert outcome.exit_code != 0
    assert len(outcome.records("checklists")) == len(sandbox.district.checklists)
    statuses = {
        trace["stream_status"]["stream_descriptor"]["name"]: trace["stream_status"]["status"]
        for trace in outcome.of_type("TRACE")
        if trace["type"] == "STREAM_STATUS"
    }
    assert statuses == {"import_schemas": "INCOMPLETE", "checklists": "COMPLETE"}
