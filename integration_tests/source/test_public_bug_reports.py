"""Odd answers over a socket that broke other connectors, taken from their public bug reports."""

from dataclasses import replace

import pytest
from tenacity import wait_fixed

from integration_tests.connector import read_streams
from powerschool_enrollment_sandbox import District, running_sandbox

RECORDS = 6
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def sandbox():
    district = District.generate(forms=1, roster_records_per_form=RECORDS, submission_records_per_form=0, data_items=2)
    with running_sandbox(district=district) as running:
        yield running


@pytest.fixture
def read(sandbox, monkeypatch):
    """Read the roster while `odd(answer)` replaces each answer with a page, or only the first one."""
    monkeypatch.setattr("powerschool_enrollment_api.retry._BACK_OFF", wait_fixed(0.001))
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": 3}

    def run(odd, *, once=False):
        changed = []

        def on_response(entry, answer):
            if not entry.path.endswith("/rosterrecords") or (once and changed):
                return answer
            changed.append(entry.path)
            return odd(answer)

        sandbox.on_response = on_response
        environment = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "5"}
        outcome = read_streams(config, "roster_records", environment=environment)
        assert changed
        assert "Traceback" not in outcome.stdout + outcome.stderr
        return outcome

    yield run
    sandbox.on_response = None


def status(number, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer: replace(answer, status=number, body=b"" if number == 204 else b"{}", headers=headers)


def replaced(old, new):
    return lambda answer: replace(answer, body=answer.body.replace(old, new, 1))


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(status(429, Retry_After="50, 53"), id="two numbers in Retry-After (Airbyte's Zendesk source)"),
        pytest.param(status(429, Retry_After="0.129"), id="a fraction in Retry-After (PostHog's sources)"),
        pytest.param(lambda answer: replace(answer, body=b""), id="an empty body with 200 (deemon)"),
        pytest.param(status(204), id="204 where a list is expected (dlt)"),
        pytest.param(lambda _: CHUNKED + b"10\r\n[", id="a chunk that is cut (Airbyte's Salesforce source)"),
        pytest.param(lambda _: CHUNKED + b"\r\n", id="an empty chunk length (PostHog's HubSpot source)"),
    ],
)
def test_stream_is_complete_after_a_temporary_failure(read, odd):
    outcome = read(odd, once=True)
    assert (outcome.exit_code, len(outcome.records("roster_records"))) == (0, RECORDS)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(replaced(b'"tags":[]', b'"tags":NaN'), id="NaN (Airbyte's file source)"),
        pytest.param(replaced(b'"household":"', b'"household":"\\ud800'), id="half a surrogate (changedetection.io)"),
        pytest.param(replaced(b'"household":"', b'"household":"\xe9'), id="a byte that is not UTF-8 (nab)"),
        pytest.param(replaced(b'"imported":"2', b'"imported":"0000-00-00","x":"2'), id="0000-00-00 (PipelineWise)"),
    ],
)
def test_odd_value_is_a_warning(read, odd):
    outcome = read(odd)
    assert (outcome.exit_code, len(outcome.records("roster_records"))) == (0, RECORDS)
    assert outcome.warnings


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(replaced(b'"page":2', b'"page":1'), id="the same page number again (baton-sdk)"),
        pytest.param(lambda answer: replace(answer, body=b"{}"), id="an object without records (Airbyte's sources)"),
    ],
)
def test_answer_that_may_hide_records_fails_with_a_reason(read, odd):
    outcome = read(odd)
    assert (outcome.exit_code, outcome.errors[0]["failure_type"]) == (1, "system_error")
