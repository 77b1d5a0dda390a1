"""Addresses of documents: both endpoints, both shapes of answer, and which addresses are refused."""

import base64
from datetime import datetime, timezone

import pytest
import requests_mock

from powerschool_enrollment_api import Client, ConnectionSettings, NotFound, RequestRefused, Timeouts, UnexpectedAnswer
from powerschool_enrollment_api.documents import request_address

BASE = "https://registration.powerschool.com/api/v1"
ADDRESS = "https://storage.example/c/832775f6?sv=2019-02-02&se=2020-06-19T07%3A19%3A00Z&sig=4%2B5CZ"


def address_from_answer(answer, object_id="832775f6", file_name=None, base_url=BASE, status=200):
    client = Client(ConnectionSettings("key", base_url), timeouts=Timeouts(retries=0))
    with requests_mock.Mocker() as mocker:
        mocker.get(requests_mock.ANY, text=answer, status_code=status)
        return request_address(client, object_id, file_name), mocker.request_history


@pytest.mark.parametrize(
    "answer", [ADDRESS, f'"{ADDRESS}"', f"\ufeff{ADDRESS}\r\n", ADDRESS.join('""').replace("/", "\\/")]
)
def test_bare_text_and_a_json_string_are_the_same_address(answer):
    address, _ = address_from_answer(answer)
    assert address.url == ADDRESS
    assert address.expires_at == datetime(2020, 6, 19, 7, 19, tzinfo=timezone.utc)
    assert address.is_json == answer.startswith('"')


@pytest.mark.parametrize("query", ["", "?se=", "?se=soon", "?se=9999-99-99", "?sv=1"])
def test_address_without_expiry_is_accepted(query):
    assert address_from_answer(f"https://storage.example/c/1{query}")[0].expires_at is None


def test_id_is_always_one_path_segment():
    _, (request,) = address_from_answer(ADDRESS, "a/b?c#d e")
    assert request.url == f"{BASE}/documents/a%2Fb%3Fc%23d%20e"


def test_with_a_file_name_both_are_sent_in_base64_to_the_second_endpoint():
    _, (request,) = address_from_answer(ADDRESS, "832775f6", "Geburtsurkunde ü+.pdf")
    assert request.path == "/api/v1/documents/document/url"
    encoded = base64.b64encode("Geburtsurkunde ü+.pdf".encode()).decode()
    assert request.qs == {"file": [encoded.lower()], "providerdocuid": [base64.b64encode(b"832775f6").decode().lower()]}


@pytest.mark.parametrize(
    "answer",
    [
        "http://storage.example/c/1",
        "http://127.0.0.1/c/1",
        "ftp://storage.example/c/1",
        "file:///etc/passwd",
        "//storage.example/c/1",
        "https://user:password@storage.example/c/1",
        "https:///c/1",
        "https://[::1/c/1",
        '"not an address',
        '{"url": "https://storage.example"}',
        "https://storage.example/c/1\nhttps://storage.example/c/2",
    ],
)
def test_address_without_https_is_refused_and_not_quoted(answer):
    with pytest.raises(UnexpectedAnswer) as caught:
        address_from_answer(answer)
    assert "storage" not in str(caught.value)
    assert "/c/1" not in str(caught.value)


def test_http_is_accepted_only_between_loopback_addresses():
    assert address_from_answer("http://127.0.0.1:9/c/1", base_url="http://localhost:8/api/v1")[0].url
    with pytest.raises(UnexpectedAnswer):
        address_from_answer("http://storage.example/c/1", base_url="http://localhost:8/api/v1")


@pytest.mark.parametrize("answer", ["null", '""'])
def test_answer_without_an_address_means_not_found(answer):
    with pytest.raises(NotFound):
        address_from_answer(answer)


@pytest.mark.parametrize("object_id", [".", "..", "..."])
def test_id_of_dots_is_never_requested(object_id):
    with pytest.raises(NotFound):
        address_from_answer(ADDRESS, object_id)


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (400, RequestRefused)])
def test_refusal_does_not_quote_the_id_which_may_be_a_childs_name(status, error):
    with pytest.raises(error) as caught:
        address_from_answer('{"message": "no"}', "Jane Doe", status=status)
    assert "Jane" not in str(caught.value)


def test_representation_of_an_address_does_not_contain_its_url():
    assert "storage" not in repr(address_from_answer(ADDRESS)[0])
