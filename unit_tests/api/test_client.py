"""The way of every request: paced, sent, classified, tried again while that helps and is safe."""

from __future__ import annotations

import base64
import ssl
import threading
from contextlib import suppress
from itertools import pairwise

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests_mock import ANY
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as UrllibSSLError

from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    EnrollmentError,
    KeyRefused,
    NeverReached,
    NotFound,
    PassingFault,
    Patience,
    RequestRefused,
    SlowDown,
    Unreachable,
)

URL = "https://enrollment.example/api/v1"
NO_CONNECTION = NewConnectionError(None, "refused")
NO_CONNECTION.__cause__ = ConnectionRefusedError()
REFUSED_CONNECTION = {"exc": requests.ConnectionError(MaxRetryError(None, "/", NO_CONNECTION))}
PASSING = [
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


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_get_is_asked_again_after_a_passing_fault(client, requests_mock, virtual_time, fault):
    requests_mock.get(f"{URL}/checklists", [fault, fault, {"json": [{"id": 1}]}])

    assert client.get("/checklists") == [{"id": 1}]
    assert requests_mock.call_count == 3
    assert len(virtual_time.slept) == 2


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_fault_that_does_not_pass_is_raised_in_the_end(client_for, requests_mock, virtual_time, fault):
    requests_mock.get(f"{URL}/publishedactions", json=[])
    requests_mock.get(f"{URL}/checklists", [fault])
    client = client_for(patience=Patience(retries=600))
    client.get("/publishedactions")
    requests_mock.reset_mock()

    with pytest.raises(PassingFault):
        client.get("/checklists")

    assert 500 < sum(virtual_time.slept) <= 600
    assert 10 < requests_mock.call_count < 30


def test_where_nothing_has_ever_answered_no_connection_is_a_wrong_address_within_a_minute(
    client, requests_mock, virtual_time
):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])

    with pytest.raises(NeverReached, match=r"^GET /checklists: enrollment\.example refuses the connection. Check the "):
        client.get("/checklists")

    assert 50 < sum(virtual_time.slept) < 60


def test_a_container_may_start_fifty_seconds_before_its_network(client, requests_mock, virtual_time):
    def come_up_late(_request, _context):
        if virtual_time.clock() < 1050:
            raise REFUSED_CONNECTION["exc"]
        return [{"id": 1}]

    requests_mock.get(f"{URL}/checklists", json=come_up_late)

    assert client.get("/checklists") == [{"id": 1}]


def test_all_requests_together_wait_for_the_first_answer(client, requests_mock, virtual_time):
    requests_mock.get(ANY, [REFUSED_CONNECTION])
    for path in ("/checklists", "/publishedactions", "/deliverytargets"):
        with pytest.raises(NeverReached):
            client.get(path)

    assert sum(virtual_time.slept) < 60


def test_streams_that_start_at_once_wait_for_the_first_answer_at_once(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])
    failures = []

    def ask():
        try:
            client.get("/checklists")
        except NeverReached as failure:
            failures.append((failure, virtual_time.clock()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(failures) == 8
    assert all(ended < 1060 for _, ended in failures)


@pytest.mark.parametrize("status", [200, 404, 429, 500, 503])
def test_whatever_has_answered_once_is_waited_for_as_long_as_any(client_for, requests_mock, virtual_time, status):
    requests_mock.get(f"{URL}/publishedactions", status_code=status, json=[])
    requests_mock.get(f"{URL}/checklists", [*[REFUSED_CONNECTION] * 12, {"json": [{"id": 1}]}])
    client = client_for(patience=Patience(retries=600))
    with suppress(EnrollmentError):
        client.get("/publishedactions")
    virtual_time.slept.clear()

    assert client.get("/checklists") == [{"id": 1}]
    assert sum(virtual_time.slept) > 240


def test_a_host_that_was_reached_and_never_answered_is_waited_for_as_long(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [{"exc": requests.exceptions.ReadTimeout}, REFUSED_CONNECTION])

    with pytest.raises(Unreachable):
        client.get("/checklists")

    assert sum(virtual_time.slept) > 500


def test_an_address_that_was_right_once_is_waited_for_as_long(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])
    client.presume_reachable()

    with pytest.raises(Unreachable):
        client.get("/checklists")

    assert sum(virtual_time.slept) > 500


def test_a_wrong_address_of_a_check_is_told_after_one_request(client_for, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])

    with pytest.raises(NeverReached):
        client_for(patience=Patience.for_a_check()).get("/checklists")

    assert (requests_mock.call_count, virtual_time.slept) == (1, [])


def test_a_fault_on_the_way_to_what_never_answered_is_not_the_address(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", exc=requests.ReadTimeout)

    with pytest.raises(PassingFault, match="did not answer in time"):
        client.get("/checklists")

    assert sum(virtual_time.slept) > 500


def test_what_creates_and_may_have_arrived_is_never_told_as_a_wrong_address(client, requests_mock):
    no_tls = MaxRetryError(None, "/", UrllibSSLError(ssl.SSLError(1, "wrong version number")))
    requests_mock.post(f"{URL}/submission", exc=requests.exceptions.SSLError(no_tls))

    with pytest.raises(PassingFault) as raised:
        client.post("/submission", {}, repeatable=False)

    assert raised.value.arrived
    assert requests_mock.call_count == 1


def test_back_off_doubles_up_to_a_minute_and_is_never_twice_the_same(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", status_code=503)

    with pytest.raises(PassingFault):
        client.get("/checklists")

    for attempt, pause in enumerate(virtual_time.slept):
        assert min(0.5 * 2**attempt, 60) <= pause <= min(0.5 * 2**attempt + 1, 60)
    assert len(set(virtual_time.slept[:5])) == 5


def test_without_patience_each_request_is_sent_once(client_for, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", status_code=429, headers={"Retry-After": "1"})

    with pytest.raises(SlowDown):
        client_for(patience=Patience(retries=0)).get("/checklists")

    assert (requests_mock.call_count, virtual_time.slept) == (1, [])


def test_patience_counts_what_answers_take(client_for, requests_mock, virtual_time):
    def slow(_request, context):
        virtual_time.sleep(120)
        context.status_code = 503
        return ""

    requests_mock.get(f"{URL}/checklists", text=slow)

    with pytest.raises(PassingFault):
        client_for().get("/checklists")

    assert requests_mock.call_count == 6


def test_waiting_for_a_turn_does_not_use_up_patience(client_for, requests_mock):
    requests_mock.get(f"{URL}/checklists", [{"json": []}, {"status_code": 503}, {"json": []}])
    client = client_for(requests_per_minute=1, patience=Patience(retries=30))

    client.get("/checklists")

    assert client.get("/checklists") == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, KeyRefused), (404, NotFound), (400, RequestRefused), (422, RequestRefused)]
)
def test_what_does_not_pass_is_asked_once(client, requests_mock, status, error):
    requests_mock.get(f"{URL}/checklists/5", status_code=status)

    with pytest.raises(error) as raised:
        client.get("/checklists/5")

    assert requests_mock.call_count == 1
    assert raised.value.where == "GET /checklists/5"


def test_a_refused_key_that_comes_as_500_is_asked_once(client, requests_mock):
    requests_mock.get(f"{URL}/checklists", status_code=500, json={"message": "You are not authorized to …"})

    with pytest.raises(KeyRefused):
        client.get("/checklists")

    assert requests_mock.call_count == 1


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
def test_what_creates_is_never_sent_twice_after_an_unknown_outcome(client, requests_mock, outcome):
    requests_mock.post(f"{URL}/submission", [outcome])

    with pytest.raises(PassingFault) as raised:
        client.post("/submission", {"a": "b"}, repeatable=False)

    assert requests_mock.call_count == 1
    assert raised.value.arrived


@pytest.mark.parametrize("outcome", UNKNOWN_OUTCOMES, ids=str)
def test_what_may_be_repeated_is_sent_again_after_an_unknown_outcome(client, requests_mock, outcome):
    requests_mock.post(f"{URL}/submission", [outcome, {"json": {"status": "Success"}}])

    assert client.post("/submission", {"a": "b"}, repeatable=True) == {"status": "Success"}


@pytest.mark.parametrize("outcome", [{"status_code": 429}, REFUSED_CONNECTION], ids=str)
def test_what_creates_is_sent_again_when_it_surely_was_not_acted_upon(client, requests_mock, outcome):
    requests_mock.post(f"{URL}/submission", [outcome, outcome, {"json": {"status": "Success"}}])

    assert client.post("/submission", {"a": "b"}, repeatable=False) == {"status": "Success"}
    assert requests_mock.call_count == 3


def test_what_creates_is_not_sent_again_when_a_refusal_is_followed_by_an_unknown_outcome(client, requests_mock):
    requests_mock.post(f"{URL}/submission", [{"status_code": 429}, {"status_code": 500}, {"json": {}}])

    with pytest.raises(PassingFault):
        client.post("/submission", {}, repeatable=False)

    assert requests_mock.call_count == 2


def test_an_answer_without_a_body_is_none(client, requests_mock):
    requests_mock.post(f"{URL}/deliverytargets/1/resetbatch/2", status_code=204)

    assert client.post("/deliverytargets/1/resetbatch/2", repeatable=True) is None


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": [float("inf")]}])
def test_a_body_that_is_no_json_is_not_sent(client, requests_mock, body):
    requests_mock.post(f"{URL}/submission", json={})

    with pytest.raises(RequestRefused):
        client.post("/submission", body, repeatable=False)

    assert requests_mock.call_count == 0


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(client, requests_mock, virtual_time, status):
    requests_mock.get(f"{URL}/checklists", [{"status_code": status, "headers": {"Retry-After": "77"}}, {"json": []}])

    client.get("/checklists")

    assert virtual_time.slept == [77]


def test_a_retry_after_of_nothing_still_backs_off(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", status_code=429, headers={"Retry-After": "0"})

    with pytest.raises(SlowDown):
        client.get("/checklists")

    assert requests_mock.call_count < 30
    assert sum(virtual_time.slept) > 500


@pytest.mark.parametrize("text", ["600", "86400", "9" * 400])
def test_a_retry_after_beyond_patience_gives_up_at_once_and_holds_nobody(client, requests_mock, virtual_time, text):
    requests_mock.get(f"{URL}/checklists", status_code=429, headers={"Retry-After": text})
    requests_mock.get(f"{URL}/publishedactions", json=[])

    with pytest.raises(SlowDown):
        client.get("/checklists")
    client.get("/publishedactions")

    assert virtual_time.slept == []


def test_a_retry_after_told_to_one_thread_holds_the_others(client, requests_mock, virtual_time):
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


def test_requests_per_minute_is_kept_over_retries_too(client_for, requests_mock, virtual_time):
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


def test_parameters_go_into_the_query_escaped(client, requests_mock):
    requests_mock.get(f"{URL}/publishedactions/1/rosterrecords", json=[])

    client.get("/publishedactions/1/rosterrecords", {"page": 2, "lastName": "O'Neil & Söhne", "grade": None})

    assert requests_mock.last_request.query == "page=2&lastname=o%27neil+%26+s%c3%b6hne"


def test_the_whole_answer_is_surely_json(client, requests_mock):
    requests_mock.get(f"{URL}/checklists", [{"text": "<html>"}, {"json": [1], "headers": {"X-A": "b"}}])

    response = client.get_response("/checklists")

    assert (response.json(), response.headers["X-A"]) == ([1], "b")


def test_text_is_asked_for_again_where_html_or_nothing_came(client, requests_mock):
    requests_mock.get(f"{URL}/documents/1", [{"text": "<html>"}, {"text": ""}, {"text": "https://blob.example/1"}])

    assert client.get_text("/documents/1") == "https://blob.example/1"
