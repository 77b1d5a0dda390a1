"""Servers that run in threads: a proxy that answers in place of the host, and an https server."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from powerschool_enrollment_api import Timeouts

HOST = "enrollment.example"  # no connection to it is ever made: a proxy answers instead
ONCE = Timeouts(connect=2, read=2, retries=0)
SOME_SECONDS = Timeouts(connect=2, read=2, retries=5)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
HEAD = b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n"
TODAY = datetime.now(timezone.utc)


def self_signed_certificate(folder: Path, name: str = HOST, until: datetime = TODAY + timedelta(days=1)) -> Path:
    """Write a certificate and its key to a file, and return the path."""
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
    path = folder / f"{name}.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def server_threads() -> Iterator[Callable[..., int]]:
    """Yield a function that calls `serve(listener, …)` in a thread and returns the listener's port."""
    listeners = []

    def start(serve: Callable[..., None], *arguments: Any) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, *arguments), daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def serve_as_proxy(listener: socket.socket, certificate: Path | None, reply: bytes) -> None:
    """Answer each CONNECT request with `reply`. With a certificate, then answer in place of the host."""
    with suppress(OSError):  # the listener's end
        while True:
            answer_one(listener, certificate, reply)


def answer_one(listener: socket.socket, certificate: Path | None, reply: bytes) -> None:
    """Accept one connection and answer it as `serve_as_proxy` does."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.recv(4096)
        connection.sendall(reply)
        if certificate:
            with _tls(certificate).wrap_socket(connection, server_side=True) as secured:
                secured.recv(4096)
                secured.sendall(ANSWER)


def serve_https(listener: socket.socket, certificate: Path, pieces: tuple[bytes, ...], pause: float) -> None:
    """Answer one request over TLS with these pieces, and wait `pause` seconds after each."""
    with suppress(OSError):  # the listener's end, or a client that does not trust the certificate
        connection, _ = listener.accept()
        with connection, _tls(certificate).wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)
            for piece in pieces:
                secured.sendall(piece)
                threading.Event().wait(pause)


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
