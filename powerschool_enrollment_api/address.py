"""Validates and normalises `base_url`, and quotes the paths below it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from powerschool_enrollment_api.errors import NotFound, WrongAddress

# The documentation still names secure.infosnap.com; public clients in production use this host.
DEFAULT_BASE_URL = "https://registration.powerschool.com/api/v1"

_HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w-]{1,63}(\.[\w-]{1,63})*\.?)(:[0-9]+)?")
_VERSIONED = re.compile(r"/v[0-9]+$")
_UNVERSIONED = re.compile(r"/api[0-9]*$")


def normalise_base_url(text: str) -> str:
    """Return the address without surrounding spaces and trailing slash, ending in its version (`…/api/v1`).

    Raises WrongAddress if the scheme is not https (http is accepted only for loopback addresses), and if the
    address contains a user name, a query or the path of a resource.
    """
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:  # the exception's text quotes the address, which may contain a key
        raise WrongAddress("base_url is not an address.") from None
    if not host or parts.scheme not in {"http", "https"}:
        raise WrongAddress("base_url is not an https:// address.")
    if parts.scheme == "http" and not is_loopback(host):
        raise WrongAddress("base_url must use https://, because the records are children's.")
    if "@" in parts.netloc:
        raise WrongAddress("base_url contains a user name; the key belongs in the option api_key.")
    if not _HOST_AND_PORT.fullmatch(parts.netloc):
        raise WrongAddress("base_url does not contain a valid host name.")
    if parts.query or parts.fragment:
        raise WrongAddress("base_url must end with its path, without ? or #.")
    return urlunsplit((parts.scheme, parts.netloc, _versioned(parts.path.rstrip("/")), "", ""))


def health_url(base_url: str) -> str:
    """Return the URL of the health status: `…/api/healthz`, without the version."""
    return f"{_VERSIONED.sub('', base_url)}/healthz"


def path_of(*parts: str | int) -> str:
    """Return `/publishedactions/1/rosterrecords` for ("publishedactions", 1, "rosterrecords").

    Each part is quoted, so an id with `/` or `?` in it does not change the path. Raises NotFound: see `strict_path`.
    """
    return strict_path("".join(f"/{quote(str(part), '', errors='replace')}" for part in parts))


def strict_path(path: str) -> str:
    """Return the path; characters that would end it, such as `?`, are quoted.

    Raises NotFound for a part that is empty or made of dots. Such a part is not an id of the service, and the path
    would lead to another resource.
    """
    if not path.startswith("/") or not all(unquote(part).strip(".") for part in path[1:].split("/")):
        raise NotFound("not found: an id in the path is empty or made of dots.")
    return quote(path, "/%:@!$&'()*+,;=~", errors="replace")


def is_loopback(host: str) -> bool:
    """Return whether `host` (a name or an IP address) is a loopback address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _versioned(path: str) -> str:
    if not path:
        return "/api/v1"
    if _UNVERSIONED.search(path):
        return f"{path}/v1"
    if _VERSIONED.search(path):
        return path
    raise WrongAddress(f"base_url ends in {path!r} where the API's version is expected.")
