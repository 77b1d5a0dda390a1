"""How long the client retries before the first connection to the service, and after it."""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress

import pytest
import requests
from requests_mock import ANY
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import SSLError as UrllibSSLError

from powerschool_enrollment_api import (
    EnrollmentError,
    NeverReached,
    TemporaryFailure,
    Timeouts,
    Unreachable,
)
from unit_tests.api.faults import REFUSED_CONNECTION, URL


def test_unreached_host_is_a_wrong_address_after_a_minute(client, requests_mock, virtual_time):
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


def test_requests_after_the_deadline_for_the_first_connection_do_not_wait(client, requests_mock, virtual_time):
    requests_mock.get(ANY, [REFUSED_CONNECTION])
    for path in ("/checklists", "/publishedactions", "/deliverytargets"):
        with pytest.raises(NeverReached):
            client.get(path)

    assert sum(virtual_time.slept) < 60


def test_threads_share_the_deadline_for_the_first_connection(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])
    failures = []

    def send():
        try:
            client.get("/checklists")
        except NeverReached as failure:
            failures.append((failure, virtual_time.clock()))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(failures) == 8
    assert all(ended < 1060 for _, ended in failures)


@pytest.mark.parametrize("status", [200, 404, 429, 500, 503])
def test_host_that_answered_once_gets_the_full_retry_time(client_for, requests_mock, virtual_time, status):
    requests_mock.get(f"{URL}/publishedactions", status_code=status, json=[])
    requests_mock.get(f"{URL}/checklists", [*[REFUSED_CONNECTION] * 12, {"json": [{"id": 1}]}])
    client = client_for(timeouts=Timeouts(retries=600))
    with suppress(EnrollmentError):
        client.get("/publishedactions")
    virtual_time.slept.clear()

    assert client.get("/checklists") == [{"id": 1}]
    assert sum(virtual_time.slept) > 240


def test_host_that_was_reached_but_never_answered_gets_the_full_retry_time(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [{"exc": requests.exceptions.ReadTimeout}, REFUSED_CONNECTION])

    with pytest.raises(Unreachable):
        client.get("/checklists")

    assert sum(virtual_time.slept) > 500


def test_address_that_an_earlier_sync_reached_gets_the_full_retry_time(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])
    client.presume_reachable()

    with pytest.raises(Unreachable):
        client.get("/checklists")

    assert sum(virtual_time.slept) > 500


def test_wrong_address_of_a_check_is_reported_after_one_request(client_for, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", [REFUSED_CONNECTION])

    with pytest.raises(NeverReached):
        client_for(timeouts=Timeouts.for_a_check()).get("/checklists")

    assert (requests_mock.call_count, virtual_time.slept) == (1, [])


def test_time_out_before_the_first_answer_gets_the_full_retry_time(client, requests_mock, virtual_time):
    requests_mock.get(f"{URL}/checklists", exc=requests.ReadTimeout)

    with pytest.raises(TemporaryFailure, match="did not answer in time"):
        client.get("/checklists")

    assert sum(virtual_time.slept) > 500


def test_non_idempotent_request_that_may_have_arrived_is_not_a_wrong_address(client, requests_mock):
    no_tls = MaxRetryError(None, "/", UrllibSSLError(ssl.SSLError(1, "wrong version number")))
    requests_mock.post(f"{URL}/submission", exc=requests.exceptions.SSLError(no_tls))

    with pytest.raises(TemporaryFailure) as raised:
        client.post("/submission", {}, repeatable=False)

    assert raised.value.arrived
    assert requests_mock.call_count == 1
