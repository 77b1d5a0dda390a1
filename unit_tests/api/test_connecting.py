"""What keeps a connection from coming about, over sockets: names, ports, proxies, TLS and certificates."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from powerschool_enrollment_api import (
    NeverReached,
    TemporaryFailure,
    Timeouts,
    Unreachable,
    Untrusted,
    WrongAddress,
    WrongEnvironment,
)

ONCE = Timeouts(connect=2, read=2, retries=0)
SOME_SECONDS = Timeouts(connect=2, read=2, retries=5)
TODAY = datetime.now(timezone.utc)
HOST = "enrollment.example"  # no connection to it is ever made: a proxy answers instead
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
HEAD = b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _no_proxies_and_no_bundles(environment):
    return environment


@pytest.fixture
def certificate(tmp_path):
    """Write a certificate that vouches for itself, with its key, and return the file's path."""

    def build(name=HOST, until=TODAY + timedelta(days=1)):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - timedelta(days=100))
            .not_valid_after(until)
            .add_extension(names, critical=False)
            .sign(key, hashes.SHA256())
        )
        path = tmp_path / f"{name}.pem"
        path.write_bytes(
            built.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path

    return build


@pytest.fixture
def proxy(environment):
    """Start a proxy that connects to no host: it answers for the host itself, with a certificate, or refuses."""
    listeners = []

    def start(certificate=None, reply=HEAD % b"200 OK"):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_serve, args=(listener, certificate, reply), daemon=True).start()
        port = listener.getsockname()[1]
        environment(HTTPS_PROXY=f"http://someone:a-password@127.0.0.1:{port}")
        return port

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture
def https_server(certificate):
    """Start an https server on this machine that sends these pieces, and return its base_url and certificate."""
    listeners = []

    def start(*pieces, pause=0.0):
        path = certificate("127.0.0.1")
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_serve_https, args=(listener, path, pieces, pause), daemon=True).start()
        return f"https://127.0.0.1:{listener.getsockname()[1]}/api/v1", path

    yield start
    for listener in listeners:
        listener.close()


def _serve_https(listener, certificate, pieces, pause):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with suppress(OSError):  # the listener's end, or a client that does not trust the certificate
        connection, _ = listener.accept()
        with connection, context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)
            for piece in pieces:
                secured.sendall(piece)
                threading.Event().wait(pause)


@pytest.fixture
def anybody(proxy, certificate):
    """Answer for the host with an untrusted certificate."""
    proxy(certificate())


def _serve(listener, certificate, reply):
    with suppress(OSError):  # the listener's end
        while True:
            _answer_one(listener, certificate, reply)


def _answer_one(listener, certificate, reply):
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.recv(4096)
        connection.sendall(reply)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(4096)
                secured.sendall(ANSWER)


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


def test_creating_request_is_repeated_after_a_refused_connection(client_for, free_port, virtual_time):
    with pytest.raises(NeverReached):
        client_for(f"http://127.0.0.1:{free_port}/api/v1", timeouts=SOME_SECONDS).post("/s", {}, repeatable=False)
    assert virtual_time.slept


def test_request_to_a_host_that_stopped_listening_did_not_arrive(client_for, virtual_time):
    listener = socket.create_server(("127.0.0.1", 0))
    client = client_for(f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1", timeouts=SOME_SECONDS)
    answering = threading.Thread(target=_answer_one, args=(listener, None, ANSWER))
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
    said = f"the proxy cannot be reached: 127.0.0.1:{free_port} refuses the connection."
    assert raised.value.message == said
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


def test_plain_http_behind_an_https_address_is_reported_as_missing_tls(client_for, proxy):
    port = proxy(reply=HEAD % b"400 Bad Request")

    with pytest.raises(NeverReached, match=f"no TLS connection to 127.0.0.1:{port} .WRONG_VERSION_NUMBER"):
        client_for(f"https://127.0.0.1:{port}/api/v1", timeouts=ONCE).get("/checklists")


def test_a_certificate_that_is_trusted_for_its_host_is_accepted(client_for, proxy, certificate, environment):
    path = certificate()
    proxy(path)
    environment(REQUESTS_CA_BUNDLE=path)

    assert client_for(timeouts=ONCE).get("/checklists") == []


@pytest.mark.usefixtures("anybody")
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


def test_a_certificate_that_has_expired_may_be_replaced_or_the_clock_is_wrong(
    client_for, proxy, certificate, environment, virtual_time
):
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
@pytest.mark.usefixtures("anybody")
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


@pytest.mark.usefixtures("anybody")
def test_bundle_without_certificates_is_not_retried(client_for, environment, virtual_time):
    environment(REQUESTS_CA_BUNDLE=__file__)

    with pytest.raises(WrongEnvironment):
        client_for(timeouts=SOME_SECONDS).get("/checklists")
    assert virtual_time.slept == []


@pytest.mark.usefixtures("anybody")
def test_a_folder_of_certificates_is_a_bundle_too(client_for, environment, tmp_path):
    environment(REQUESTS_CA_BUNDLE=tmp_path)

    with pytest.raises(Untrusted):
        client_for(timeouts=ONCE).get("/checklists")


def test_connection_lost_before_tls_is_not_a_certificate_error(client_for, proxy):
    proxy()

    with pytest.raises(TemporaryFailure, match="lost") as raised:
        client_for(timeouts=ONCE).get("/checklists")
    assert type(raised.value) is TemporaryFailure


def test_bundle_of_the_environment_is_used_for_this_machine_and_its_proxy_is_not(
    client_for, https_server, environment, free_port
):
    base_url, path = https_server(ANSWER)
    environment(REQUESTS_CA_BUNDLE=path, HTTPS_PROXY=f"http://127.0.0.1:{free_port}")

    assert client_for(base_url, timeouts=ONCE).get("/checklists") == []


def test_this_machine_is_not_trusted_without_a_bundle(client_for, https_server):
    base_url, _ = https_server(ANSWER)

    with pytest.raises(Untrusted, match=r"self.signed certificate"):
        client_for(base_url, timeouts=ONCE).get("/checklists")


def test_encrypted_answer_that_trickles_ends_at_its_deadline(client_for, https_server, environment):
    base_url, path = https_server(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", *[b" "] * 100, pause=0.02)
    environment(REQUESTS_CA_BUNDLE=path)

    with pytest.raises(TemporaryFailure, match=r"not complete within 0\.2 s"):
        client_for(base_url, timeouts=Timeouts(connect=5, read=5, retries=0, answer=0.2)).get("/checklists")
