"""Failures of TLS and of certificates, over sockets, and certificates that are trusted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from powerschool_enrollment_api import NeverReached, TemporaryFailure, Timeouts, Untrusted, WrongEnvironment
from unit_tests.api.over_sockets.servers import ANSWER, HEAD, HOST, ONCE, SOME_SECONDS, TODAY

pytestmark = pytest.mark.usefixtures("environment")  # without proxies and bundles of this machine


def test_plain_http_behind_an_https_address_is_reported_as_missing_tls(client_for, proxy):
    port = proxy(reply=HEAD % b"400 Bad Request")

    with pytest.raises(NeverReached, match=f"no TLS connection to 127.0.0.1:{port} .WRONG_VERSION_NUMBER"):
        client_for(f"https://127.0.0.1:{port}/api/v1", timeouts=ONCE).get("/checklists")


def test_a_certificate_that_is_trusted_for_its_host_is_accepted(client_for, proxy, certificate, environment):
    path = certificate()
    proxy(path)
    environment(REQUESTS_CA_BUNDLE=path)

    assert client_for(timeouts=ONCE).get("/checklists") == []


@pytest.mark.usefixtures("untrusted_host")
def test_unknown_ca_is_not_retried(client_for, virtual_time):
    with pytest.raises(Untrusted, match=f"{HOST}'s certificate is not trusted .self.signed certificate"):
        client_for(timeouts=SOME_SECONDS).get("/checklists")
    assert virtual_time.slept == []


def test_a_certificate_of_another_host_is_not_trusted(client_for, proxy, certificate, environment, virtual_time):
    path = certificate("other.example")
    proxy(path)
    environment(REQUESTS_CA_BUNDLE=path)

    with pytest.raises(Untrusted, match=f"{HOST}'s certificate is not trusted .Hostname mismatch"):
        client_for(timeouts=SOME_SECONDS).get("/checklists")
    assert virtual_time.slept == []


def test_expired_certificate_is_retried(client_for, proxy, certificate, environment, virtual_time):
    path = certificate(until=TODAY - timedelta(days=1))
    proxy(path)
    environment(REQUESTS_CA_BUNDLE=path)

    with pytest.raises(NeverReached, match=f"clock, {HOST}'s certificate is not valid today .certificate has expired"):
        client_for(timeouts=SOME_SECONDS).get("/checklists")
    assert virtual_time.slept


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    "content",
    [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nMIIB!!\n-----END CERTIFICATE-----\n"],
    ids=["missing", "empty", "text", "broken"],
)
@pytest.mark.usefixtures("untrusted_host")
def test_error_for_a_bundle_without_certificates_names_its_variable(
    client_for, environment, tmp_path, variable, content
):
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    environment(**{variable: bundle})

    with pytest.raises(
        WrongEnvironment, match=f"the certificate bundle that {variable} names cannot be read"
    ) as raised:
        client_for(timeouts=SOME_SECONDS).get("/checklists")
    assert raised.value.__suppress_context__
    assert "base_url" not in str(raised.value)


@pytest.mark.usefixtures("untrusted_host")
def test_bundle_without_certificates_is_not_retried(client_for, environment, virtual_time):
    environment(REQUESTS_CA_BUNDLE=__file__)

    with pytest.raises(WrongEnvironment):
        client_for(timeouts=SOME_SECONDS).get("/checklists")
    assert virtual_time.slept == []


@pytest.mark.usefixtures("untrusted_host")
def test_a_folder_of_certificates_is_a_bundle_too(client_for, environment, tmp_path):
    environment(REQUESTS_CA_BUNDLE=tmp_path)

    with pytest.raises(Untrusted):
        client_for(timeouts=ONCE).get("/checklists")


def test_connection_lost_before_tls_is_not_a_certificate_error(client_for, proxy):
    proxy()

    with pytest.raises(TemporaryFailure, match="lost") as raised:
        client_for(timeouts=ONCE).get("/checklists")
    assert type(raised.value) is TemporaryFailure


def test_loopback_uses_the_bundle_of_the_environment_and_not_its_proxy(
    client_for, https_server, environment, free_port
):
    base_url, path = https_server(ANSWER)
    environment(REQUESTS_CA_BUNDLE=path, HTTPS_PROXY=f"http://127.0.0.1:{free_port}")

    assert client_for(base_url, timeouts=ONCE).get("/checklists") == []


def test_loopback_certificate_is_not_trusted_without_a_bundle(client_for, https_server):
    base_url, _ = https_server(ANSWER)

    with pytest.raises(Untrusted, match=r"self.signed certificate"):
        client_for(base_url, timeouts=ONCE).get("/checklists")


def test_encrypted_answer_that_trickles_ends_at_its_deadline(client_for, https_server, environment):
    base_url, path = https_server(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", *[b" "] * 100, pause=0.02)
    environment(REQUESTS_CA_BUNDLE=path)

    with pytest.raises(TemporaryFailure, match=r"not complete within 0\.2 s"):
        client_for(base_url, timeouts=Timeouts(connect=5, read=5, retries=0, answer=0.2)).get("/checklists")
