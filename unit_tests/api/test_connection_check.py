"""`verify_connection` checks that the address is the service, that it is up, and that it accepts the key."""

from __future__ import annotations

import pytest

from powerschool_enrollment_api import (
    KeyRefused,
    RateLimited,
    RequestRefused,
    TemporaryFailure,
    Timeouts,
    WrongAddress,
    WrongEnvironment,
    verify_connection,
)
from unit_tests.api.scripted_server import DROP, HANG, http_answer

HEALTHY = b'{"Status": "Healthy", "SoftwareVersion": "19.5.1.0"}'
NOT_AUTHORIZED = b'{"message": "You are not authorized to access this resource."}'
HTML = b"<html></html>"
CHECK = Timeouts(connect=2, read=0.2, retries=0)


@pytest.fixture
def client(client_for, server):
    return client_for(server.base_url, timeouts=CHECK)


def requests_to(server):
    return [(request.target, "authorization" in request.headers) for request in server.received]


TEST = ("/api/v1/connection/test", True)
HEALTH = ("/api/healthz", False)


def test_a_key_that_is_accepted_takes_one_request(client, server):
    server.answers(http_answer(HEALTHY))

    verify_connection(client)

    assert requests_to(server) == [TEST]


@pytest.mark.parametrize("status", ["500 Internal Server Error", "401 Unauthorized", "403 Forbidden", "200 OK"])
def test_a_refused_key_takes_one_request(client, server, status):
    server.answers(http_answer(NOT_AUTHORIZED, status))

    with pytest.raises(KeyRefused, match="api_key"):
        verify_connection(client)

    assert requests_to(server) == [TEST]


@pytest.mark.parametrize(
    "fault", [(HTML, "503 Service Unavailable"), (HTML, "200 OK"), (b"", "200 OK"), (b"", "500 Oh")], ids=str
)
def test_fault_of_a_healthy_service_is_reported_unchanged(client, server, fault):
    server.answers(http_answer(*fault), http_answer(HEALTHY))

    with pytest.raises(TemporaryFailure) as raised:
        verify_connection(client)

    assert "health" not in raised.value.message
    assert requests_to(server) == [TEST, HEALTH]


def test_rate_limit_of_a_healthy_service_is_reported(client, server):
    server.answers(http_answer(b"", "429 Too Many Requests"), http_answer(HEALTHY))

    with pytest.raises(RateLimited):
        verify_connection(client)


def test_refusal_of_a_healthy_service_is_reported(client, server):
    server.answers(http_answer(b"{}", "400 Bad Request"), http_answer(HEALTHY))

    with pytest.raises(RequestRefused):
        verify_connection(client)


@pytest.mark.parametrize("test", [DROP, HANG, b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"])
@pytest.mark.parametrize(
    "health",
    [
        DROP,
        HANG,
        b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: /login\r\n\r\n",
        b'HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n"Status: "',
        b"HTTP/1.1 200 X\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 200 X\r\nContent-Length: 6\r\n\r\n<html>",
    ],
)
def test_complete_outage_is_reported(client, server, test, health):
    server.answers(test, health)

    with pytest.raises(TemporaryFailure, match="health status is not available either"):
        verify_connection(client)

    assert requests_to(server) == [TEST, HEALTH]


def test_path_outside_the_api_is_a_wrong_address_even_on_a_healthy_host(client, server):
    server.answers(http_answer(HTML, "404 Not Found"), http_answer(HEALTHY))

    with pytest.raises(WrongAddress, match="base_url"):
        verify_connection(client)

    assert requests_to(server) == [TEST]


def test_another_kind_of_server_is_a_wrong_address(client, server):
    server.answers(http_answer(HTML, "405 Method Not Allowed"), http_answer(HTML, "404 Not Found"))

    with pytest.raises(WrongAddress, match="not the PowerSchool Enrollment API"):
        verify_connection(client)

    assert requests_to(server) == [TEST, HEALTH]


def test_redirect_is_a_wrong_address_and_does_not_get_the_key(client, server):
    server.answers(http_answer(b"", "302 Found", f"Location: {server.base_url}/login"))

    with pytest.raises(WrongAddress, match="redirects"):
        verify_connection(client)

    assert requests_to(server) == [TEST]


def test_closed_port_is_a_wrong_address(client_for, free_port):
    with pytest.raises(WrongAddress, match="refuses the connection"):
        verify_connection(client_for(f"http://127.0.0.1:{free_port}/api/v1", timeouts=CHECK))


@pytest.mark.usefixtures("environment")
def test_unresolvable_name_is_distinguished_from_a_closed_port(client_for):
    with pytest.raises(WrongAddress, match=r"enrollment\.invalid cannot be resolved"):
        verify_connection(client_for("https://enrollment.invalid/api/v1", timeouts=CHECK))


def test_wrong_environment_is_reported_unchanged(client_for, environment):
    environment(HTTPS_PROXY="ftp://127.0.0.1")

    with pytest.raises(WrongEnvironment, match="HTTPS_PROXY"):
        verify_connection(client_for(timeouts=CHECK))


def test_capitals_of_the_health_status_do_not_matter(client, server):
    server.answers(http_answer(b"", "500 Oh"), http_answer(b'{"status": "Healthy"}'))

    with pytest.raises(TemporaryFailure) as raised:
        verify_connection(client)
    assert "health" not in raised.value.message
