"""Answers over a socket that are lost, cut short, slow, odd or not JSON."""

from __future__ import annotations

import pytest

from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    RateLimited,
    TemporaryFailure,
    Timeouts,
    UnexpectedAnswer,
)
from unit_tests.api.scripted_server import DROP, HANG, http_answer

SHORT_TIMEOUTS = Timeouts(connect=2, read=0.2, retries=0)


def test_page_cut_short_is_requested_again(client, server):
    server.answers(http_answer(b'[{"id": 1}, {"i', claimed_length=5000), http_answer(b'[{"id": 1}]'))

    assert client.get("/checklists") == [{"id": 1}]
    assert len(server.received) == 2


def test_page_cut_short_at_valid_json_is_requested_again(client, server):
    server.answers(http_answer(b"[]      ", claimed_length=5000), http_answer(b'[{"id": 1}]'))

    assert client.get("/checklists") == [{"id": 1}]


def test_chunked_page_cut_short_is_requested_again(client, server):
    cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"
    server.answers(cut, http_answer(b'[{"id": 1}]'))

    assert client.get("/checklists") == [{"id": 1}]


def test_broken_compression_is_requested_again(client, server):
    server.answers(http_answer(b"no gzip", "200 OK", "Content-Encoding: gzip"), http_answer(b"[]"))

    assert client.get("/checklists") == []


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_invalid_http_is_retried(client, server, garbage):
    server.answers(garbage, http_answer(b"[]"))

    assert client.get("/checklists") == []


def test_request_is_repeated_after_a_dropped_connection(client, server):
    server.answers(DROP, DROP, http_answer(b"[]"))

    assert client.get("/checklists") == []
    assert len(server.received) == 3


@pytest.mark.parametrize("outcome", [DROP, HANG, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_non_idempotent_request_is_not_repeated_after_a_lost_answer(client_for, server, outcome):
    server.answers(outcome)
    client = client_for(server.base_url, timeouts=Timeouts(connect=2, read=0.2, retries=600))

    with pytest.raises(TemporaryFailure) as raised:
        client.post("/deliverytargets/1/createbatch", repeatable=False)

    assert raised.value.arrived
    assert len(server.received) == 1


def test_a_hanging_answer_times_out(client_for, server):
    server.answers(HANG)

    with pytest.raises(TemporaryFailure, match="did not answer in time"):
        client_for(server.base_url, timeouts=SHORT_TIMEOUTS).get("/checklists")


def test_missing_answer_on_an_open_connection_times_out(client_for, server):
    server.answers(HANG)
    server.script.insert(0, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    client = client_for(server.base_url, timeouts=SHORT_TIMEOUTS)

    assert client.get("/checklists") == []
    with pytest.raises(TemporaryFailure) as raised:
        client.get("/checklists")
    assert raised.value.arrived


def test_rate_limit_of_the_server_is_reported(client_for, server):
    server.answers(http_answer(b"", "429 Too Many Requests", "Retry-After: 3"))

    with pytest.raises(RateLimited) as raised:
        client_for(server.base_url, timeouts=SHORT_TIMEOUTS).get("/checklists")
    assert raised.value.retry_after == 3


ODD = b'{"id": 7, "name": "Ada\\u0000", "number": 123456789012345678901234567890}'


def test_odd_values_are_repaired_and_logged_with_path_and_page(client, server, caplog):
    server.answers(http_answer(ODD))

    answer = client.get("/publishedactions/1/rosterrecords", {"page": 3, "lastName": "Lovelace"})

    assert answer == {"id": 7, "name": "Ada", "number": "123456789012345678901234567890"}
    (message,) = caplog.messages
    assert message.startswith("page 3 of GET /publishedactions/1/rosterrecords: the answer was repaired: ")
    assert message.endswith(": 1 U+0000 characters, removed; 1 numbers beyond 64 bits, kept as text.")


def test_on_repairs_is_called_instead_of_logging(server, caplog):
    server.answers(http_answer(ODD))
    reported = []
    client = Client(
        ConnectionSettings("k", server.base_url),
        on_repairs=lambda place, repairs: reported.append((place, sum(repairs.counts.values()))),
    )

    client.get("/checklists", {"page": 2})
    client.get_response("/checklists")
    client.post("/submission", {}, repeatable=False)

    assert reported == [("page 2 of GET /checklists", 2), ("GET /checklists", 2), ("POST /submission", 2)]
    assert caplog.messages == []


BROKEN = b'[{"id": 1, "name": "Ada"}, x]'


def test_same_broken_json_twice_is_not_retried_further(client, server, virtual_time):
    server.answers(http_answer(BROKEN))

    with pytest.raises(UnexpectedAnswer) as raised:
        client.get("/publishedactions/1/rosterrecords", {"page": 3})

    assert len(server.received) == 2
    assert len(virtual_time.slept) == 1
    assert str(raised.value).startswith(
        "GET /publishedactions/1/rosterrecords: Page 3: the body is not JSON from byte 27 on, in two equal answers."
    )


def test_nesting_that_cannot_be_parsed_is_not_retried_further(client, server):
    server.answers(http_answer(b"[" * 100_000 + b"]" * 100_000))

    with pytest.raises(
        UnexpectedAnswer, match=r"^GET /checklists: the body is nested too deeply, in two equal answers\."
    ):
        client.get("/checklists")


def test_broken_json_that_differs_each_time_is_retried(client, server):
    server.answers(
        http_answer(BROKEN), http_answer(BROKEN.replace(b"x", b"y")), http_answer(BROKEN), http_answer(b"[]")
    )

    assert client.get("/checklists") == []


def test_body_cut_at_the_same_place_each_time_is_retried(client, server):
    server.answers(*[http_answer(BROKEN[:20])] * 5, http_answer(b"[]"))

    assert client.get("/checklists") == []


def test_post_is_not_repeated_after_an_answer_of_broken_json(client, server):
    server.answers(http_answer(BROKEN))

    with pytest.raises(TemporaryFailure) as raised:
        client.post("/deliverytargets/1/createbatch", repeatable=False)

    assert raised.value.arrived
    assert len(server.received) == 1
