"""Maps the exceptions of requests without an answer to errors. `response_errors` maps the answers.

| What happened | Error |
|---|---|
| no connection to the host, or through the proxy; a certificate that has expired or is not valid yet | Unreachable |
| a connection, but no TLS | Unreachable that may have arrived: TLS can break at any time |
| a certificate that is not trusted for another reason | Untrusted |
| the environment names a certificate bundle or a proxy that cannot be used | WrongEnvironment |
| an invalid host name | WrongAddress |
| a body that cannot be written as JSON | RequestRefused: it was not sent |
| time-out, connection lost, body cut short | TemporaryFailure that may have arrived |

The text of an exception is dropped, because it contains the whole URL. Messages name only the host.
"""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from urllib.request import getproxies

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ProxySchemeUnknown,
    SSLError,
)
from urllib3.util import parse_url

from powerschool_enrollment_api.errors import (
    EnrollmentError,
    RequestRefused,
    TemporaryFailure,
    Unreachable,
    Untrusted,
    WrongAddress,
    WrongEnvironment,
)

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in the order in which requests reads them
_NOT_YET_VALID, _EXPIRED = 9, 10  # OpenSSL's numbers
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: ([0-9]{3})")


def failure_of_exception(error: OSError | HTTPError, where: str, host: str, connect_timeout: float) -> EnrollmentError:
    """Return the error for an exception of a request to `host` (`name` or `name:port`).

    requests does not wrap every exception of urllib3, for example not the one for an invalid host name.
    """
    if failure := failure_of_environment(error, where):
        return failure
    if isinstance(error, requests.exceptions.InvalidJSONError):
        return RequestRefused("the body cannot be written as JSON, and was not sent.", where)
    if isinstance(error, (requests.exceptions.InvalidURL, LocationValueError)):
        return WrongAddress("base_url does not contain a valid host name.", where)
    if description := describe_connection_failure(error, host, connect_timeout):
        return Unreachable(description, where, arrived=False)
    if no_tls := _failure_of_tls(error, where, host):
        return no_tls
    if isinstance(error, requests.exceptions.Timeout):
        return TemporaryFailure("the service did not answer in time.", where)
    return TemporaryFailure("the connection was lost before the answer was complete.", where)


def failure_of_environment(error: OSError | HTTPError, where: str) -> WrongEnvironment | None:
    """Return the error if the environment names a certificate bundle or a proxy that cannot be used; else None."""
    if variable := _unreadable_bundle(error):
        return WrongEnvironment(f"the certificate bundle that {variable} names cannot be read.", where)
    if _is_proxy_address_error(error):
        return WrongEnvironment(
            "the proxy that HTTPS_PROXY or ALL_PROXY names is not an http or https address. In its user name and "
            "password, characters such as / and # must be percent-encoded.",
            where,
        )
    return None


def _unreadable_bundle(error: OSError | HTTPError) -> str | None:
    """Return the name of the variable if `error` means that its certificate bundle cannot be read; else None.

    If the file is missing, requests raises a plain OSError without `errno`, which system errors have. A file
    without certificates raises the same exception as a failed TLS handshake, so the file is loaded again to
    distinguish the two.
    """
    is_raised_by_requests = not isinstance(error, (requests.RequestException, HTTPError)) and error.errno is None
    if not is_raised_by_requests and not isinstance(error, requests.exceptions.SSLError):
        return None
    variable = next((variable for variable in _BUNDLES if os.environ.get(variable)), None)
    return variable if variable and not _holds_certificates(Path(os.environ[variable])) else None


def _holds_certificates(bundle: Path) -> bool:
    if bundle.is_dir():
        return True
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(bundle)
    except OSError:
        return False
    return True


def _is_proxy_address_error(error: OSError | HTTPError) -> bool:
    """Return whether the proxy's address is invalid. InvalidSchema is raised for SOCKS proxies only."""
    if isinstance(error, (requests.exceptions.InvalidProxyURL, requests.exceptions.InvalidSchema)):
        return True
    if error.args and isinstance(error.args[0], ProxySchemeUnknown):
        return True
    # The same exceptions are raised for the address of the request, so the proxies' addresses are parsed again.
    is_invalid_address = isinstance(error, (requests.exceptions.InvalidURL, LocationValueError))
    return is_invalid_address and not all(map(_is_address, _proxies()))


def _proxies() -> list[str]:
    """Return the addresses of the environment's proxies for https. Requests with http do not use a proxy."""
    return [address for scheme, address in getproxies().items() if scheme in {"https", "all"}]


def _is_address(proxy: str) -> bool:
    try:
        host = parse_url(proxy if "://" in proxy else f"//{proxy}").host
        (host or "").encode("idna")
    except (LocationValueError, UnicodeError):
        return False
    return True


def describe_connection_failure(error: OSError | HTTPError, host: str, connect_timeout: float) -> str | None:
    """Describe why no connection to `host`, or through the proxy, could be established; None if there was one."""
    retry_error = _max_retry_error(error)
    reason = retry_error.reason if retry_error else None
    if isinstance(reason, ProxyError):
        proxy = getattr(retry_error.pool, "proxy", None) if retry_error else None
        return _describe_proxy_failure(
            reason.original_error, proxy.netloc if proxy else "its host", host, connect_timeout
        )
    if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
        return _describe_failure(reason, host, connect_timeout)
    return None


def _max_retry_error(error: OSError | HTTPError) -> MaxRetryError | None:
    """Return the exception of urllib3 that requests wraps when no connection could be established."""
    wrapped = error.args[0] if error.args else None
    return wrapped if isinstance(wrapped, MaxRetryError) else None


def _describe_proxy_failure(cause: Exception, proxy: str, host: str, connect_timeout: float) -> str:
    if refusal := _TUNNEL_REFUSED.match(str(cause)):
        return f"the proxy does not connect to {host} (status {refusal[1]})."
    return f"the proxy cannot be reached: {_describe_failure(cause, proxy, connect_timeout)}"


def _describe_failure(failure: Exception, host: str, connect_timeout: float) -> str:
    cause = failure.__cause__
    detail = f" ({cause.strerror})" if isinstance(cause, OSError) and cause.strerror else ""
    if isinstance(failure, NameResolutionError):
        return f"{host.partition(':')[0]} cannot be resolved{detail}."
    if isinstance(cause, ConnectionRefusedError):
        return f"{host} refuses the connection."
    if isinstance(failure, ConnectTimeoutError) and not isinstance(failure, NewConnectionError):
        return f"no connection to {host} within {connect_timeout:g} s."
    return f"no connection to {host}{detail}."


def _failure_of_tls(error: OSError | HTTPError, where: str, host: str) -> EnrollmentError | None:
    """Return why TLS failed; None if the connection was lost, which is not specific to TLS.

    An expired certificate counts as an outage: the service will replace it, or this machine's clock is wrong.
    """
    retry_error = _max_retry_error(error)
    reason = retry_error.reason if retry_error else None
    cause = reason.args[0] if isinstance(reason, SSLError) and reason.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = cause.verify_message.rstrip(".")
        if cause.verify_code in {_NOT_YET_VALID, _EXPIRED}:
            description = f"according to this machine's clock, {host}'s certificate is not valid today ({why})."
            return Unreachable(description, where, arrived=False)
        return Untrusted(f"{host}'s certificate is not trusted ({why}).", where)
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return Unreachable(f"no TLS connection to {host} ({getattr(cause, 'reason', None) or 'failed'}).", where)
    return None
