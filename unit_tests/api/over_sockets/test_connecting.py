"""Failures to connect, over sockets: host names, ports and proxies."""

from __future__ import annotations

import socket
import threading

import pytest

from powerschool_enrollment_api import NeverReached, Timeouts, Unreachable, WrongAddress, WrongEnvironment
from unit_tests.api.over_sockets.servers import ANSWER, HEAD, HOST, ONCE, SOME_SECONDS, answer_one

pytestmark = pytest.mark.usefixtures("environment")  # without proxies and bundles of this machine


def test_unresolvable_name_is_reported(client_for):
    with pytest.raises(NeverReached, match=r"enrollment\.invalid cannot be resolved") as raised:
        client_for("https://enrollment.invalid/api/v1", timeouts=ONCE).get("/checklists", {"lastName": "Ada"})
    assert "Ada" not in str(raised.value)


def test_refused_connection_is_reported_at_each_attempt(client_for, free_port, virtual_time, caplog):
    with pytest.raises(NeverReached, match=f"127.0.0.1:{free_port} refuses the connection"):
        client_for(f"http://127.0.0.1:{free_port}/api/v1", timeouts=SOME_SECONDS).get("/checklists")

    assert len(caplog.messages) == len(virtual_time.slept) > 0
    for message in caplog.messages:
        assert message.startswith(f"GET /checklists: 127.0.0.1:{free_port} refuses the connection. Trying again in ")


def test_non_idempotent_request_is_repeated_after_a_refused_connection(client_for, free_port, virtual_time):
    with pytest.raises(NeverReached):
        client_for(f"http://127.0.0.1:{free_port}/api/v1", timeouts=SOME_SECONDS).post("/s", {}, repeatable=False)
    assert virtual_time.slept


def test_request_to_a_host_that_stopped_listening_did_not_arrive(client_for, virtual_time):
    listener = socket.create_server(("127.0.0.1", 0))
    client = client_for(f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1", timeouts=SOME_SECONDS)
    answering = threading.Thread(target=answer_one, args=(listener, None, ANSWER))
    answering.start()
    client.get("/checklists")
    answering.join()
    listener.close()

    with pytest.raises(Unreachable, match="refuses the connection") as raised:
        client.post("/submission", {}, repeatable=False)
    assert not raised.value.arrived
    assert virtual_time.slept


def test_connection_timeout_is_reported_with_its_limit(client_for):
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)  # no server accepts, so connections after these two wait
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        timeouts = Timeouts(connect=0.2, read=2, retries=0)

        with pytest.raises(NeverReached, match=f"no connection to 127.0.0.1:{port} within 0.2 s"):
            client_for(f"http://127.0.0.1:{port}/api/v1", timeouts=timeouts).get("/checklists")


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example", "ü" * 60 + ".example"])
def test_invalid_host_name_is_a_wrong_address(client_for, host):
    with pytest.raises(WrongAddress, match="base_url does not contain a valid host name"):
        client_for(f"https://{host}/api/v1", timeouts=SOME_SECONDS).get("/checklists")


def test_missing_proxy_is_reported(client_for, free_port, environment):
    environment(HTTPS_PROXY=f"http://someone:a-password@127.0.0.1:{free_port}")

    with pytest.raises(NeverReached) as raised:
        client_for(timeouts=ONCE).get("/checklists")
    expected = f"the proxy cannot be reached: 127.0.0.1:{free_port} refuses the connection."
    assert raised.value.message == expected
    assert "proxy" in raised.value.guidance
    assert "password" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("http://someone:a/password@proxy.invalid:3128", id="a slash in the password"),
        pytest.param("http://someone:a#password@proxy.invalid:3128", id="a number sign in the password"),
        "http://proxy.invalid:port",
        "http://proxy.invalid:99999",
        "http://[::1",
        "http://proxy..invalid:3128",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_proxy_with_an_invalid_address_is_not_an_error_of_base_url(client_for, environment, variable, address):
    environment(**{variable: address})

    with pytest.raises(WrongEnvironment, match="the proxy that HTTPS_PROXY or ALL_PROXY names") as raised:
        client_for(timeouts=ONCE).get("/checklists")
    assert "base_url" not in str(raised.value)
    assert "a#password" not in str(raised.value)
    assert "a/password" not in str(raised.value)


def test_unresolvable_proxy_name_is_reported(client_for, environment):
    environment(HTTPS_PROXY="http://proxy.invalid:3128")

    with pytest.raises(NeverReached, match=r"the proxy cannot be reached: proxy\.invalid cannot be resolved"):
        client_for(timeouts=ONCE).get("/checklists")


@pytest.mark.parametrize("status", [b"403 a-secret", b"407 a-secret", b"502 a-secret"])
def test_refusing_proxy_is_reported_with_its_status(client_for, proxy, status):
    proxy(reply=HEAD % status)

    with pytest.raises(NeverReached) as raised:
        client_for(timeouts=ONCE).get("/checklists")
    assert raised.value.message == f"the proxy does not connect to {HOST} (status {status[:3].decode()})."
