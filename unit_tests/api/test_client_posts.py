"""Which POST requests are repeated, and after which outcomes."""

from __future__ import annotations

import pytest
import requests

from powerschool_enrollment_api import (
    RequestRefused,
    TemporaryFailure,
)
from unit_tests.api.faults import REFUSED_CONNECTION, URL

UNKNOWN_OUTCOMES = [
    {"status_code": 500},
    {"status_code": 503, "headers": {"Retry-After": "1"}},
    {"status_code": 408},
    {"status_code": 200, "text": ""},
    {"status_code": 200, "text": "<html>"},
    {"exc": requests.ReadTimeout},
    {"exc": requests.ConnectionError},
    {"exc": requests.exceptions.ChunkedEncodingError},
]


@pytest.mark.parametrize("outcome", UNKNOWN_OUTCOMES, ids=str)
def test_non_idempotent_request_is_not_repeated_after_an_unknown_outcome(client, requests_mock, outcome):
    requests_mock.post(f"{URL}/submission", [outcome])

    with pytest.raises(TemporaryFailure) as raised:
        client.post("/submission", {"a": "b"}, repeatable=False)

    assert requests_mock.call_count == 1
    assert raised.value.arrived


@pytest.mark.parametrize("outcome", UNKNOWN_OUTCOMES, ids=str)
def test_idempotent_request_is_repeated_after_an_unknown_outcome(client, requests_mock, outcome):
    requests_mock.post(f"{URL}/submission", [outcome, {"json": {"status": "Success"}}])

    assert client.post("/submission", {"a": "b"}, repeatable=True) == {"status": "Success"}


@pytest.mark.parametrize("outcome", [{"status_code": 429}, REFUSED_CONNECTION], ids=str)
def test_non_idempotent_request_is_repeated_if_it_was_not_processed(client, requests_mock, outcome):
    requests_mock.post(f"{URL}/submission", [outcome, outcome, {"json": {"status": "Success"}}])

    assert client.post("/submission", {"a": "b"}, repeatable=False) == {"status": "Success"}
    assert requests_mock.call_count == 3


def test_non_idempotent_request_is_not_repeated_after_429_and_a_500(client, requests_mock):
    requests_mock.post(f"{URL}/submission", [{"status_code": 429}, {"status_code": 500}, {"json": {}}])

    with pytest.raises(TemporaryFailure):
        client.post("/submission", {}, repeatable=False)

    assert requests_mock.call_count == 2


def test_answer_without_a_body_returns_none(client, requests_mock):
    requests_mock.post(f"{URL}/deliverytargets/1/resetbatch/2", status_code=204)

    assert client.post("/deliverytargets/1/resetbatch/2", repeatable=True) is None


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": [float("inf")]}])
def test_body_that_is_not_json_is_not_sent(client, requests_mock, body):
    requests_mock.post(f"{URL}/submission", json={})

    with pytest.raises(RequestRefused):
        client.post("/submission", body, repeatable=False)

    assert requests_mock.call_count == 0
