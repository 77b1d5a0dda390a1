"""Each request waits for the rate limit, is sent and classified, and is retried where that helps and is safe."""

from __future__ import annotations

import base64
import threading
from itertools import pairwise

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    KeyRefused,
    NotFound,
    RateLimited,
    RequestRefused,
    TemporaryFailure,
    Timeouts,
)
from unit_tests.api.faults import REFUSED_CONNECTION, URL

TEMPORARY_FAULTS = [
    {"status_code": 500},
    {"status_code": 503, "text": "<html>"},
    {"status_code": 408},
    {"status_code": 200, "text": "<html>"},
    {"status_code": 200, "text": ""},
    {"status_code": 200, "text": '[{"id": 1}, {"i'},
    {"exc": requests.ReadTimeout},
    {"exc": requests.ConnectTimeout},
    {"exc": requests.ConnectionError},
    {"exc": requests.exceptions.ChunkedEncodingError},
    REFUSED_CONNECTION,
]


@pytest.mark.parametrize("fault", TEMPORARY_FAULTS, ids=str)
def test_get_is_retried_after_a_temporary_failure(client, requests_mock, virtual_time, fault):
    requests_mock.get(f"{URL}/checklists", [fault, fault, {"json": [{"id": 1}]}])

    assert client.get("/checklists") == [{"id": 1}]
    assert requests_mock.call_count == 3
    assert len(virtual_time.slept) == 2


@pytest.mark.parametrize("fault", TEMPORARY_FAULTS, ids=str)
def test_lasting_failure_is_raised_after_the_retry_time(client_for, requests_mock, virtual_time, fault):
    requests_mock.get(f"{URL}/publishedactions", json=[])
    requests_mock.get(f"{URL}/checklists", [fault])
    client = client_for(timeouts=Timeouts(retries=600))
    client.get("/publishedactions")
    requests_mock.reset_mock()

    with pytest.raises(TemporaryFailure):
        client.get("/checklists")

    assert 500 < sum(virtual_time.slept) <= 600
    assert 10 < requests_mock.call_count < 30


def test_back_off_doubles_up_to_a_minute_with_jitter(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", status_code=503)

    with pytest.raises(TemporaryFailure):
        client.get("/checklists")

    for attempt, pause in enumerate(virtual_time.slept):
        assert min(0.5 * 2**attempt, 60) <= pause <= min(0.5 * 2**attempt + 1, 60)
    assert len(set(virtual_time.slept[:5])) == 5


def test_without_retry_time_each_request_is_sent_once(client_for, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", status_code=429, headers={"Retry-After": "1"})

    with pytest.raises(RateLimited):
        client_for(timeouts=Timeouts(retries=0)).get("/checklists")

    assert (requests_mock.call_count, virtual_time.slept) == (1, [])


def test_time_of_answers_counts_towards_the_deadline(client_for, requests_mock, virtual_time):
    def slow(_request, context):
        virtual_time.sleep(120)
        context.status_code = 503
        return ""

    requests_mock.get(f"{URL}/checklists", text=slow)

    with pytest.raises(TemporaryFailure):
        client_for().get("/checklists")

    assert requests_mock.call_count == 6


def test_waiting_for_the_rate_limit_does_not_count_towards_the_deadline(client_for, requests_mock):
    requests_mock.get(f"{URL}/checklists", [{"json": []}, {"status_code": 503}, {"json": []}])
    client = client_for(requests_per_minute=1, timeouts=Timeouts(retries=30))

    client.get("/checklists")

    assert client.get("/checklists") == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, KeyRefused), (404, NotFound), (400, RequestRefused), (422, RequestRefused)]
)
def test_permanent_failure_is_not_retried(client, requests_mock, status, error):
    requests_mock.get(f"{URL}/checklists/5", status_code=status)

    with pytest.raises(error) as raised:
        client.get("/checklists/5")

    assert requests_mock.call_count == 1
    assert raised.value.where == "GET /checklists/5"


def test_refused_key_with_status_500_is_not_retried(client, requests_mock):
    requests_mock.get(f"{URL}/checklists", status_code=500, json={"message": "You are not authorized to …"})

    with pytest.raises(KeyRefused):
        client.get("/checklists")

    assert requests_mock.call_count == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(client, requests_mock, virtual_time, status):
    requests_mock.get(f"{URL}/checklists", [{"status_code": status, "headers": {"Retry-After": "77"}}, {"json": []}])

    client.get("/checklists")

    assert virtual_time.slept == [77]


def test_retry_after_of_zero_still_backs_off(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", status_code=429, headers={"Retry-After": "0"})

    with pytest.raises(RateLimited):
        client.get("/checklists")

    assert requests_mock.call_count < 30
    assert sum(virtual_time.slept) > 500


@pytest.mark.parametrize("text", ["600", "86400", "9" * 400])
def test_retry_after_beyond_the_deadline_gives_up_and_delays_no_thread(client, requests_mock, virtual_time, text):
    requests_mock.get(f"{URL}/checklists", status_code=429, headers={"Retry-After": text})
    requests_mock.get(f"{URL}/publishedactions", json=[])

    with pytest.raises(RateLimited):
        client.get("/checklists")
    client.get("/publishedactions")

    assert virtual_time.slept == []


def test_retry_after_of_one_thread_delays_the_others(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [{"status_code": 429, "headers": {"Retry-After": "40"}}, {"json": []}])
    requests_mock.get(f"{URL}/publishedactions", json=[])
    client.get("/checklists")
    started = []

    def other():
        client.get("/publishedactions")
        started.append(virtual_time.clock())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()

    assert started == [1040]


def test_requests_per_minute_also_limits_retries(client_for, requests_mock, virtual_time):
    times = []

    def faulty(_request, context):
        times.append(virtual_time.clock())
        context.status_code = 503 if len(times) % 2 else 200
        return "[]"

    requests_mock.get(f"{URL}/checklists", text=faulty)
    client = client_for(requests_per_minute=6)
    for _ in range(5):
        client.get("/checklists")

    assert len(times) == 10
    assert all(b - a >= 9.99 for a, b in pairwise(times))


@given(key=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_key_is_the_user_name_and_the_password_is_empty(requests_mock, key):
    requests_mock.get(f"{URL}/checklists", json=[])

    Client(ConnectionSettings(key, URL)).get("/checklists")

    scheme, _, token = requests_mock.last_request.headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(token)) == ("Basic", f"{key}:".encode())


def test_parameters_are_escaped_in_the_query(client, requests_mock):
    requests_mock.get(f"{URL}/publishedactions/1/rosterrecords", json=[])

    client.get("/publishedactions/1/rosterrecords", {"page": 2, "lastName": "O'Neil & Söhne", "grade": None})

    assert requests_mock.last_request.query == "page=2&lastname=o%27neil+%26+s%c3%b6hne"


def test_whole_response_is_valid_json(client, requests_mock):
    requests_mock.get(f"{URL}/checklists", [{"text": "<html>"}, {"json": [1], "headers": {"X-A": "b"}}])

    response = client.get_response("/checklists")

    assert (response.json(), response.headers["X-A"]) == ([1], "b")


def test_request_of_a_whole_response_does_not_contain_the_key(client, requests_mock):
    requests_mock.get(f"{URL}/checklists", json=[])

    response = client.get_response("/checklists")

    assert response.request.headers["Authorization"] == "****"
    assert requests_mock.last_request.headers["Authorization"].startswith("Basic ")


def test_text_is_requested_again_after_html_or_an_empty_body(client, requests_mock):
    requests_mock.get(f"{URL}/documents/1", [{"text": "<html>"}, {"text": ""}, {"text": "https://blob.example/1"}])

    assert client.get_text("/documents/1") == "https://blob.example/1"
