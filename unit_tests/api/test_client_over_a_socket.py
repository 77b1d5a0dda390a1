"""What only a real connection shows: lost ones, cut ones, slow ones, and what exactly is sent."""

from __future__ import annotations

import base64
import threading

import pytest

from powerschool_enrollment_api import (
    Client,
    ConnectionSettings,
    NotFound,
    RateLimited,
    TemporaryFailure,
    Timeouts,
    UnexpectedAnswer,
    WrongAddress,
)
from powerschool_enrollment_api.imports import import_row

HANG, DROP = b"hang", b"drop"
IMPATIENT = Timeouts(connect=2, read=0.2, retries=0)


@pytest.fixture
def client(client_for, server):
    return client_for(server.base_url)


def test_a_get_sends_the_key_and_no_cookie_and_no_body(client, server):
    assert client.get("/publishedactions", {"page": 1}) == {}

    (request,) = server.received
    assert (request.method, request.target, request.body) == ("GET", "/api/v1/publishedactions?page=1", b"")
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")) == b"the-key-of-a-district:"
    assert request.headers["accept"] == "application/json"
    assert "cookie" not in request.headers


def test_empty_post_sends_content_length_zero(client, server):
    client.post("/deliverytargets/1/createbatch", repeatable=False)

    (request,) = server.received
    assert (request.headers["content-length"], request.body) == ("0", b"")
    assert "transfer-encoding" not in request.headers


def test_a_post_sends_json_even_if_it_is_an_empty_object(client, server):
    client.post("/submission", {}, repeatable=False)
    client.post("/submission", {"name": "Zoë"}, repeatable=False)

    assert [request.body for request in server.received] == [b"{}", b'{"name": "Zo\\u00eb"}']
    assert server.received[0].headers["content-type"] == "application/json"


def test_page_cut_short_is_requested_again(client, server, wire):
    server.answers(wire(b'[{"id": 1}, {"i', claimed_length=5000), wire(b'[{"id": 1}]'))

    assert client.get("/checklists") == [{"id": 1}]
    assert len(server.received) == 2


def test_page_cut_short_at_valid_json_is_requested_again(client, server, wire):
    server.answers(wire(b"[]      ", claimed_length=5000), wire(b'[{"id": 1}]'))

    assert client.get("/checklists") == [{"id": 1}]


def test_chunked_page_cut_short_is_requested_again(client, server, wire):
    cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"
    server.answers(cut, wire(b'[{"id": 1}]'))

    assert client.get("/checklists") == [{"id": 1}]


def test_broken_compression_is_requested_again(client, server, wire):
    server.answers(wire(b"no gzip", "200 OK", "Content-Encoding: gzip"), wire(b"[]"))

    assert client.get("/checklists") == []


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_invalid_http_is_retried(client, server, wire, garbage):
    server.answers(garbage, wire(b"[]"))

    assert client.get("/checklists") == []


def test_request_is_repeated_after_a_dropped_connection(client, server, wire):
    server.answers(DROP, DROP, wire(b"[]"))

    assert client.get("/checklists") == []
    assert len(server.received) == 3


@pytest.mark.parametrize("outcome", [DROP, HANG, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_creating_request_is_not_repeated_after_a_lost_answer(client_for, server, outcome):
    server.answers(outcome)
    client = client_for(server.base_url, timeouts=Timeouts(connect=2, read=0.2, retries=600))

    with pytest.raises(TemporaryFailure) as raised:
        client.post("/deliverytargets/1/createbatch", repeatable=False)

    assert raised.value.arrived
    assert len(server.received) == 1


def test_a_hanging_answer_times_out(client_for, server):
    server.answers(HANG)

    with pytest.raises(TemporaryFailure, match="did not answer in time"):
        client_for(server.base_url, timeouts=IMPATIENT).get("/checklists")


def test_an_answer_that_stops_midway_times_out(client_for, server):
    server.answers(HANG)
    server.script.insert(0, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    client = client_for(server.base_url, timeouts=IMPATIENT)

    assert client.get("/checklists") == []
    with pytest.raises(TemporaryFailure) as raised:
        client.get("/checklists")
    assert raised.value.arrived


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_redirect_is_neither_followed_nor_retried(client, server, wire, status):
    elsewhere = type(server)()
    server.answers(wire(b"", status, f"Location: {elsewhere.base_url}/publishedactions"))

    with pytest.raises(WrongAddress, match="redirects"):
        client.get("/publishedactions")

    assert (len(server.received), elsewhere.received) == (1, [])
    elsewhere.close()


@pytest.mark.parametrize("location", ["http://[", "\xff\xfe", "", "//", "http://a..b/", "javascript:x"])
def test_redirect_to_an_invalid_location_is_a_wrong_address(client, server, wire, location):
    reply = wire(b"", "302 Found", "Location: @@").replace(b"@@", location.encode("latin-1"))
    server.answers(reply)

    with pytest.raises(WrongAddress, match="redirects"):
        client.get("/publishedactions")


def test_a_cookie_is_never_sent_back(client, server, wire):
    server.answers(wire(b"[]", "200 OK", "Set-Cookie: session=1; Path=/"))

    client.get("/checklists")
    client.get("/checklists")

    assert "cookie" not in server.received[1].headers


def test_a_password_of_netrc_is_never_used(client, server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    client.get("/checklists")
    client.get_health()

    assert base64.b64decode(server.received[0].headers["authorization"].removeprefix("Basic ")).startswith(b"the-key")
    assert "authorization" not in server.received[1].headers


def test_loopback_requests_bypass_the_proxy(client_for, server, monkeypatch):
    proxy = type(server)()
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    client_for(server.base_url).get("/checklists")

    assert (len(server.received), proxy.received) == (1, [])
    proxy.close()


def test_one_client_serves_many_threads(client_for, server, wire):
    server.answers(wire(b'[{"id": 1}]'))
    client = client_for(server.base_url, num_workers=8)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.extend(client.get("/checklists")[0]["id"] for _ in range(5)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [1] * 40


def test_connections_are_kept_for_the_next_request(client, server):
    for _ in range(5):
        client.get("/checklists")

    assert server.connections == 1


def test_rate_limit_of_the_server_is_reported(client_for, server, wire):
    server.answers(wire(b"", "429 Too Many Requests", "Retry-After: 3"))

    with pytest.raises(RateLimited) as raised:
        client_for(server.base_url, timeouts=IMPATIENT).get("/checklists")
    assert raised.value.retry_after == 3


ODD = b'{"id": 7, "name": "Ada\\u0000", "number": 123456789012345678901234567890}'


def test_odd_values_are_repaired_and_logged_with_path_and_page(client, server, wire, caplog):
    server.answers(wire(ODD))

    answer = client.get("/publishedactions/1/rosterrecords", {"page": 3, "lastName": "Lovelace"})

    assert answer == {"id": 7, "name": "Ada", "number": "123456789012345678901234567890"}
    (message,) = caplog.messages
    assert message.startswith("page 3 of GET /publishedactions/1/rosterrecords: the answer was repaired: ")
    assert message.endswith(": 1 U+0000 characters, removed; 1 numbers beyond 64 bits, kept as text.")


def test_client_with_a_listener_reports_repairs_to_it_and_logs_nothing(server, wire, caplog):
    server.answers(wire(ODD))
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


def test_same_broken_json_twice_is_not_retried_further(client, server, wire, virtual_time):
    server.answers(wire(BROKEN))

    with pytest.raises(UnexpectedAnswer) as raised:
        client.get("/publishedactions/1/rosterrecords", {"page": 3})

    assert len(server.received) == 2
    assert len(virtual_time.slept) == 1
    assert str(raised.value).startswith(
        "GET /publishedactions/1/rosterrecords: Page 3: the body is not JSON from byte 27 on, in two equal answers."
    )


def test_nesting_that_cannot_be_parsed_is_not_retried_further(client, server, wire):
    server.answers(wire(b"[" * 100_000 + b"]" * 100_000))

    with pytest.raises(
        UnexpectedAnswer, match=r"^GET /checklists: the body is nested too deeply, in two equal answers\."
    ):
        client.get("/checklists")


def test_broken_json_that_is_another_each_time_is_retried(client, server, wire):
    server.answers(wire(BROKEN), wire(BROKEN.replace(b"x", b"y")), wire(BROKEN), wire(b"[]"))

    assert client.get("/checklists") == []


def test_body_cut_at_the_same_place_each_time_is_retried(client, server, wire):
    server.answers(*[wire(BROKEN[:20])] * 5, wire(b"[]"))

    assert client.get("/checklists") == []


def test_answer_to_a_post_that_is_broken_json_is_not_repeated(client, server, wire):
    server.answers(wire(BROKEN))

    with pytest.raises(TemporaryFailure) as raised:
        client.post("/deliverytargets/1/createbatch", repeatable=False)

    assert raised.value.arrived
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("form", "target"),
    [
        ("1001?page=7", "1001%3Fpage=7"),
        ("1001#top", "1001%23top"),
        ("1001 é", "1001%20%C3%A9"),
        ("1001\\x", "1001%5Cx"),
        ("1001%2Fx", "1001%2Fx"),
    ],
)
def test_id_in_a_path_does_not_end_the_path(client, server, form, target):
    client.get(f"/publishedactions/{form}/rosterrecords", {"page": 1})

    assert server.received[0].target == f"/api/v1/publishedactions/{target}/rosterrecords?page=1"


@pytest.mark.parametrize("form", ["..", "1001/..", "1001/../../checklists", "%2e%2e", "1/./2", ""])
def test_id_that_leads_elsewhere_is_not_found_and_not_requested(client, server, form):
    with pytest.raises(NotFound, match="empty or made of dots"):
        client.get(f"/publishedactions/{form}/rosterrecords")

    assert server.received == []


def test_row_of_a_form_whose_id_is_a_path_is_sent_to_no_other_address(client, server, wire):
    server.answers(wire(b'{"status": "Success", "errors": []}'))

    import_row(client, "1001/../../submission?", "7/..", {"StudentID": "1"})

    (request,) = server.received
    assert request.target == "/api/v1/publishedactions/1001%2F..%2F..%2Fsubmission%3F/importschemas/7%2F.."
