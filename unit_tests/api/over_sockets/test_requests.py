"""Requests over a socket: what exactly is sent, and to which address."""

from __future__ import annotations

import base64
import threading

import pytest

from powerschool_enrollment_api import (
    NotFound,
    Redirected,
    WrongAddress,
)
from powerschool_enrollment_api.imports import import_row
from unit_tests.api.scripted_server import ScriptedServer, http_answer


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


def test_a_cookie_is_never_sent_back(client, server):
    server.answers(http_answer(b"[]", "200 OK", "Set-Cookie: session=1; Path=/"))

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
    proxy = ScriptedServer()
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    client_for(server.base_url).get("/checklists")

    assert (len(server.received), proxy.received) == (1, [])
    proxy.close()


def test_one_client_serves_many_threads(client_for, server):
    server.answers(http_answer(b'[{"id": 1}]'))
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


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_redirect_of_an_address_that_never_worked_is_neither_followed_nor_retried(client, server, status):
    elsewhere = ScriptedServer()
    server.answers(http_answer(b"", status, f"Location: {elsewhere.base_url}/publishedactions"))

    with pytest.raises(WrongAddress, match="redirects"):
        client.get("/publishedactions")

    assert (len(server.received), elsewhere.received) == (1, [])
    elsewhere.close()


@pytest.mark.parametrize("first", ["a good answer", "an earlier sync"])
def test_redirect_of_an_address_that_worked_is_retried_and_not_followed(client, server, first):
    elsewhere = ScriptedServer()
    good, redirect = (
        http_answer(b"[]"),
        http_answer(b"<html>", "302 Found", f"Location: {elsewhere.base_url}/maintenance"),
    )
    server.answers(*([good] if first == "a good answer" else []), redirect, redirect, good)
    if first == "a good answer":
        client.get("/publishedactions")
    else:
        client.presume_reachable()

    assert client.get("/publishedactions") == []
    assert elsewhere.received == []
    elsewhere.close()


def test_lasting_redirect_of_an_address_that_worked_is_a_temporary_failure(client, server):
    server.answers(http_answer(b"[]"), http_answer(b"", "302 Found", "Location: /maintenance"))
    client.get("/publishedactions")

    with pytest.raises(Redirected, match=r"redirects elsewhere.*whether the service is down"):
        client.get("/checklists")


@pytest.mark.parametrize("status", ["302 Found", "503 Service Unavailable"])
def test_redirect_after_failed_requests_is_a_wrong_address(client, server, status):
    server.answers(http_answer(b"", status), http_answer(b"", "302 Found", "Location: /login"))

    with pytest.raises(WrongAddress, match="redirects"):
        client.get("/publishedactions")


@pytest.mark.parametrize("location", ["http://[", "\xff\xfe", "", "//", "http://a..b/", "javascript:x"])
def test_redirect_to_an_invalid_location_is_a_wrong_address(client, server, location):
    reply = http_answer(b"", "302 Found", "Location: @@").replace(b"@@", location.encode("latin-1"))
    server.answers(reply)

    with pytest.raises(WrongAddress, match="redirects"):
        client.get("/publishedactions")


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


def test_row_of_a_form_whose_id_is_a_path_is_sent_to_no_other_address(client, server):
    server.answers(http_answer(b'{"status": "Success", "errors": []}'))

    import_row(client, "1001/../../submission?", "7/..", {"StudentID": "1"})

    (request,) = server.received
    assert request.target == "/api/v1/publishedactions/1001%2F..%2F..%2Fsubmission%3F/importschemas/7%2F.."
