"""How a request without an answer is classified."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest
import requests
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ProxySchemeUnknown,
    SSLError,
)

from powerschool_enrollment_api import (
    RequestRefused,
    TemporaryFailure,
    Unreachable,
    Untrusted,
    WrongAddress,
    WrongEnvironment,
)
from powerschool_enrollment_api.connection_errors import failure_of_exception

WHERE = "GET /publishedactions"
HOST = "enrollment.example:8443"
POOL = HTTPSConnectionPool("enrollment.example", 8443)
NOT_VALID = f"according to this machine's clock, {HOST}'s certificate is not valid today"


def failure_of(error):
    return failure_of_exception(error, WHERE, HOST, connect_timeout=10)


def max_retry_error(reason, cause=None):
    reason.__cause__ = cause
    return MaxRetryError(POOL, "/api/v1/x?secret=Ada", reason)


def new_connection_error(number):
    return max_retry_error(NewConnectionError(POOL, "secret"), OSError(number, os.strerror(number)))


def certificate_error(code, message):
    cause = ssl.SSLCertVerificationError(1, "secret")
    cause.verify_code, cause.verify_message = code, message
    return requests.exceptions.SSLError(max_retry_error(SSLError(cause)))


def tls_error(kind, reason):
    cause = kind(1, "secret")
    cause.reason = reason
    return requests.exceptions.SSLError(max_retry_error(SSLError(cause)))


def proxy_error(cause):
    return requests.exceptions.ProxyError(max_retry_error(ProxyError("secret", cause)))


UNRESOLVED = NameResolutionError("enrollment.example", POOL, socket.gaierror(-2, "no such name"))
UNREACHABLE = {
    "enrollment.example cannot be resolved (no such name).": requests.ConnectionError(
        max_retry_error(UNRESOLVED, socket.gaierror(-2, "no such name"))
    ),
    f"{HOST} refuses the connection.": requests.ConnectionError(new_connection_error(errno.ECONNREFUSED)),
    f"no connection to {HOST} (No route to host).": requests.ConnectionError(new_connection_error(errno.EHOSTUNREACH)),
    f"no connection to {HOST}.": requests.ConnectionError(max_retry_error(NewConnectionError(POOL, "secret"))),
    f"no connection to {HOST} within 10 s.": requests.ConnectTimeout(
        max_retry_error(ConnectTimeoutError(POOL, "secret"), TimeoutError("timed out"))
    ),
    f"{NOT_VALID} (certificate has expired).": certificate_error(10, "certificate has expired"),
    f"{NOT_VALID} (not yet valid).": certificate_error(9, "not yet valid"),
    "the proxy cannot be reached: no connection to its host.": proxy_error(OSError("secret")),
    f"the proxy does not connect to {HOST} (status 407).": proxy_error(OSError("Tunnel connection failed: 407 secret")),
}


@pytest.mark.parametrize(("expected", "error"), UNREACHABLE.items(), ids=UNREACHABLE)
def test_request_without_a_connection_did_not_arrive_and_has_a_reason(expected, error):
    failure = failure_of(error)

    assert type(failure) is Unreachable
    assert (failure.message, failure.where, failure.status) == (expected, WHERE, None)
    assert not failure.arrived


def test_failed_tls_is_unreachable_but_the_request_may_have_arrived():
    failure = failure_of(tls_error(ssl.SSLError, "WRONG_VERSION_NUMBER"))

    assert (type(failure), failure.arrived) == (Unreachable, True)
    assert failure.message == f"no TLS connection to {HOST} (WRONG_VERSION_NUMBER)."


@pytest.mark.parametrize(
    "error",
    [
        requests.ReadTimeout("slow"),
        requests.ConnectionError(ProtocolError("Connection aborted.")),
        requests.ConnectionError(),
        requests.exceptions.ChunkedEncodingError("cut"),
        requests.exceptions.ContentDecodingError("no gzip"),
        requests.exceptions.InvalidHeader("odd"),
        requests.exceptions.SSLError("cut"),
        tls_error(ssl.SSLEOFError, "UNEXPECTED_EOF_WHILE_READING"),
        requests.RequestException("anything else"),
        OSError(errno.ENETDOWN, "Network is down"),
    ],
    ids=repr,
)
def test_lost_connection_is_a_temporary_failure_that_may_have_arrived(error):
    failure = failure_of(error)

    assert type(failure) is TemporaryFailure
    assert (failure.arrived, failure.status, failure.where) == (True, None, WHERE)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidURL("no"),
        LocationParseError("https://a..b"),
        requests.exceptions.InvalidURL(LocationParseError("https://a..b")),
    ],
)
def test_invalid_address_is_a_wrong_address(error):
    assert type(failure_of(error)) is WrongAddress


def test_untrusted_certificate_is_reported_with_reason_and_remedies():
    failure = failure_of(certificate_error(62, "Hostname mismatch, certificate is not valid for 'enrollment.example'."))

    assert type(failure) is Untrusted
    assert failure.message == (
        f"{HOST}'s certificate is not trusted (Hostname mismatch, certificate is not valid for 'enrollment.example')."
    )
    assert "base_url" in str(failure)
    assert "REQUESTS_CA_BUNDLE" in str(failure)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidProxyURL("no host"),
        requests.exceptions.InvalidURL(ProxySchemeUnknown("ftp")),
        requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support."),
    ],
)
def test_invalid_proxy_is_an_error_of_the_environment_and_not_of_base_url(error):
    failure = failure_of(error)

    assert type(failure) is WrongEnvironment
    assert "HTTPS_PROXY" in str(failure)
    assert "base_url" not in str(failure)


def test_unserialisable_body_was_not_sent():
    assert type(failure_of(requests.exceptions.InvalidJSONError("NaN"))) is RequestRefused


@pytest.mark.parametrize(
    "error", [*UNREACHABLE.values(), certificate_error(18, "self-signed"), tls_error(ssl.SSLError, "X")]
)
def test_message_contains_nothing_of_the_exception_text(error):
    failure = failure_of(error)

    assert "secret" not in f"{failure} {failure!r}"
