"""The HTTP session of the client and of the documents' storage.

- It does not follow redirects: the key and the addresses of documents are sent only to the requested host.
- It does not send cookies, or passwords from ~/.netrc.
- It does not send a request for a loopback address through a proxy, which would see the request in plain text.

The environment's certificate bundle (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE) is used everywhere, and its proxies are used
for all other hosts.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from typing_extensions import override

from powerschool_enrollment_api.address import is_loopback


class WithoutCredentials(AuthBase):
    """Sends no credentials. Without an authenticator, requests would send a password of ~/.netrc."""

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request unchanged."""
        return request


class StrictSession(requests.Session):
    """A session with one adapter for all addresses, and an authenticator that replaces ~/.netrc."""

    def __init__(self, adapter: HTTPAdapter, auth: AuthBase, headers: Mapping[str, str]) -> None:
        super().__init__()
        self._settings: dict[tuple[str, str], Any] = {}
        self.auth = auth
        self.headers.update({"User-Agent": "airbyte-powerschool-enrollment", **headers})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", adapter)
        self.mount("http://", adapter)  # ignore-https-check: only loopback addresses get this far

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return nothing: no redirect is followed."""

    @override
    def merge_environment_settings(self, url: Any, *arguments: Any, **options: Any) -> Any:
        """Return the environment's settings for this host. They are read once: no request overrides them."""
        parts = urlsplit(url)
        host = parts.scheme, parts.netloc
        if host not in self._settings:
            settings = super().merge_environment_settings(url, *arguments, **options)
            self._settings[host] = {**settings, "proxies": {}} if is_loopback(parts.hostname or "") else settings
        return self._settings[host]
