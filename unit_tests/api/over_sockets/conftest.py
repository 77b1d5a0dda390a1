"""A client of the scripted server, and certificates, proxies and https servers, for the tests of this folder."""

import functools

import pytest

from unit_tests.api.over_sockets.servers import (
    HEAD,
    self_signed_certificate,
    serve_as_proxy,
    serve_https,
    server_threads,
)


@pytest.fixture
def client(client_for, server):
    return client_for(server.base_url)


@pytest.fixture
def certificate(tmp_path):
    """Write a self-signed certificate and its key to a file, and return the path."""
    return functools.partial(self_signed_certificate, tmp_path)


@pytest.fixture
def start_server():
    with server_threads() as start:
        yield start


@pytest.fixture
def proxy(environment, start_server):
    """Start a proxy that connects to no host: it answers in place of the host if it has a certificate."""

    def start(certificate=None, reply=HEAD % b"200 OK"):
        port = start_server(serve_as_proxy, certificate, reply)
        environment(HTTPS_PROXY=f"http://someone:a-password@127.0.0.1:{port}")
        return port

    return start


@pytest.fixture
def https_server(certificate, start_server):
    """Start an https server on this machine that sends these pieces, and return its base_url and certificate."""

    def start(*pieces, pause=0.0):
        path = certificate("127.0.0.1")
        return f"https://127.0.0.1:{start_server(serve_https, path, pieces, pause)}/api/v1", path

    return start


@pytest.fixture
def untrusted_host(proxy, certificate):
    """Start a proxy that answers in place of the host, with an untrusted certificate."""
    proxy(certificate())
