"""The rules for base_url."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from powerschool_enrollment_api import (
    DEFAULT_BASE_URL,
    NotFound,
    WrongAddress,
    health_url,
    is_loopback,
    normalise_base_url,
    path_of,
)

ADDRESS_LIKE = st.lists(
    st.sampled_from(["http", "https", "HTTP", "://", "//", "127.0.0.1", "localhost", "example.org", "api", "v1"])
    | st.sampled_from(["::1", "80", "99999", "api10"])
    | st.sampled_from("/\\@:?#[].%; \t\n\x00é\u0661\uff11"),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (DEFAULT_BASE_URL, DEFAULT_BASE_URL),
        ("https://secure.infosnap.com/api/v1", "https://secure.infosnap.com/api/v1"),
        ("  https://registration.powerschool.com/api/v1/ \n", DEFAULT_BASE_URL),
        ("https://registration.powerschool.com", DEFAULT_BASE_URL),
        ("https://registration.powerschool.com/", DEFAULT_BASE_URL),
        ("https://registration.powerschool.com/api//", DEFAULT_BASE_URL),
        ("HTTPS://registration.powerschool.com/api/v1?", DEFAULT_BASE_URL),
        ("https://dev1.registration.powerschool.com/api10", "https://dev1.registration.powerschool.com/api10/v1"),
        ("https://gate.example:8443/enrollment/v2", "https://gate.example:8443/enrollment/v2"),
        ("https://anmeldung.schüle.example/api", "https://anmeldung.schüle.example/api/v1"),
        ("http://localhost:8080", "http://localhost:8080/api/v1"),
        ("http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080/api/v1"),
        ("http://[::1]:8080/api", "http://[::1]:8080/api/v1"),
    ],
)
def test_an_address_gets_its_version_and_loses_spaces_and_slashes(text, normal):
    assert normalise_base_url(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "registration.powerschool.com",
        "//registration.powerschool.com/api/v1",
        "ftp://registration.powerschool.com/api/v1",
        "http://registration.powerschool.com/api/v1",
        "http://127.0.0.1.example/api/v1",
        "http://localhost.example/api/v1",
        "http://[::1].example/api/v1",
        "http://example.org[::1]/api/v1",
        "http://0.0.0.0/api/v1",
        "http://10.0.0.1/api/v1",
        "http://localhost\\.example/api/v1",
        "http://localhost\\@example.org/api/v1",
        "https:///api/v1",
        "https://a..b/api/v1",
        "https://" + "a" * 64 + ".example/api/v1",
        "https://exa mple.org/api/v1",
        "https://example.org:99999/api/v1",
        "https://example.org:/api/v1",
        "https://[::1/api/v1",
        "https://example.org/api/v1/publishedactions",
        "https://example.org/api/v1;x",
        "https://example.org/api/v1?apikey=secret",
        "https://example.org/api/v1#top",
        "https://key:@example.org/api/v1",
    ],
)
def test_address_outside_the_api_is_refused(text):
    with pytest.raises(WrongAddress) as raised:
        normalise_base_url(text)

    assert "base_url" in raised.value.message


@pytest.mark.parametrize(
    "text",
    [
        "https://top-secret@example.org/api/v1",
        "https://u:top-secret@[example.org",
        "https://example.org:top-secret/api/v1",
        "https://example.org/api/v1?key=top-secret",
        "http://top-secret:x@example.org/",
    ],
)
def test_key_pasted_into_the_address_is_not_quoted(text):
    with pytest.raises(WrongAddress) as raised:
        normalise_base_url(text)

    assert "top-secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@given(ADDRESS_LIKE | st.text(max_size=40) | st.text(max_size=20).map("https://example.org".__add__))
@example("http://evil.example[::1]/api/v1")
@example("http://[::1%25evil.example]/")
@example("https://example.org/api/v1 /")
def test_any_text_is_a_normal_and_safe_address_or_a_wrong_one(text):
    try:
        normal = normalise_base_url(text)
    except WrongAddress:
        return
    parts = urlsplit(normal)
    assert normalise_base_url(normal) == normal
    assert parts.scheme == "https" or is_loopback(parts.hostname)
    assert not parts.query
    assert not parts.fragment
    assert "@" not in parts.netloc
    assert not normal.endswith("/")
    assert health_url(normal).endswith("/healthz")


def test_health_url_is_beside_the_version():
    assert health_url(DEFAULT_BASE_URL) == "https://registration.powerschool.com/api/healthz"
    assert health_url("https://dev1.example/api10/v2") == "https://dev1.example/api10/healthz"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_localhost_and_its_addresses_are_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example.org", "10.0.0.1", "0.0.0.0", "::", "localhost.example", "127.1"])  # noqa: S104
def test_other_hosts_are_not_loopback(host):
    assert not is_loopback(host)


def test_path_is_made_of_its_parts():
    assert path_of("publishedactions", 1001, "rosterrecords") == "/publishedactions/1001/rosterrecords"


@given(st.text(min_size=1).filter(lambda text: text.strip(".")))
@example("1/../2")
@example("1?page=7#top")
@example("%2e%2e")
@example("\ud800")
def test_any_id_stays_one_part_of_a_path(text):
    _, first, second, third = path_of("a", text, "b").split("/")

    assert (first, third) == ("a", "b")
    assert second.isascii()
    assert unquote(second) == text.encode(errors="replace").decode()
    assert not set("?#\\ ") & set(second)


@pytest.mark.parametrize("part", ["", ".", "..", "..."])
def test_id_that_would_lead_elsewhere_is_not_found(part):
    with pytest.raises(NotFound, match="empty or made of dots"):
        path_of("publishedactions", part, "rosterrecords")
