"""How an answer is classified."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_api import (
    EnrollmentError,
    KeyRefused,
    NotFound,
    RateLimited,
    Redirected,
    RequestRefused,
    TemporaryFailure,
    WrongAddress,
)
from powerschool_enrollment_api.errors import BrokenAnswer
from powerschool_enrollment_api.json_body import CONTROLS, REPLACED, Repairs
from powerschool_enrollment_api.response_errors import failure_of, json_of, text_of

WHERE = "GET /publishedactions"
NOT_AUTHORIZED = {"message": "You are not authorized to access this resource."}
MAINTENANCE = b"<!DOCTYPE html><html><body>Down for maintenance</body></html>"
BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"", KeyRefused),
        (403, b"", KeyRefused),
        (401, MAINTENANCE, KeyRefused),
        (500, NOT_AUTHORIZED, KeyRefused),
        (500, {"Message": "YOU ARE NOT AUTHORIZED"}, KeyRefused),
        (500, BOM + json.dumps(NOT_AUTHORIZED).encode(), KeyRefused),
        (200, NOT_AUTHORIZED, KeyRefused),
        (404, NOT_AUTHORIZED, KeyRefused),
        (404, {"message": "No such form"}, NotFound),
        (404, MAINTENANCE, NotFound),
        (400, {"message": "Bad date"}, RequestRefused),
        (409, b"", RequestRefused),
        (422, b"", RequestRefused),
        (405, b"", RequestRefused),
        (418, b"", RequestRefused),
        (499, b"", RequestRefused),
        (429, b"", RateLimited),
        (408, b"", TemporaryFailure),
        (500, b"", TemporaryFailure),
        (500, {"message": "An error has occurred."}, TemporaryFailure),
        (503, MAINTENANCE, TemporaryFailure),
        (599, b"", TemporaryFailure),
        (999, b"", TemporaryFailure),
        (301, b"", WrongAddress),
        (302, MAINTENANCE, WrongAddress),
        (304, b"", WrongAddress),
        (308, b"", WrongAddress),
    ],
)
def test_answer_is_classified_by_its_status_and_error_body(answer, status, body, error):
    failure = failure_of(answer(status, body), WHERE)

    assert type(failure) is error
    assert (failure.where, failure.status) == (WHERE, status)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (301, WrongAddress),
        (302, Redirected),
        (303, Redirected),
        (304, WrongAddress),
        (307, Redirected),
        (308, WrongAddress),
    ],
)
def test_redirect_of_an_address_that_worked_is_temporary_unless_it_is_permanent(answer, status, meaning):
    assert type(failure_of(answer(status, MAINTENANCE), WHERE, has_worked=True)) is meaning


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226])
def test_2xx_is_a_success(answer, status):
    assert failure_of(answer(status, b"[]"), WHERE) is None


@given(status=st.integers(0, 100_000), body=st.binary(max_size=300))
def test_any_status_with_any_body_is_classified(status, body):
    response = requests.Response()
    response.status_code, response._content = status, body

    assert isinstance(failure_of(response, WHERE), EnrollmentError | None)


def test_429_was_not_processed_and_5xx_may_have_been(answer):
    assert failure_of(answer(429), WHERE).arrived is False
    assert failure_of(answer(503), WHERE).arrived is True


@pytest.mark.parametrize("message", [None, 5, ["a"], {"a": "b"}])
def test_message_that_is_not_text_is_ignored(answer, message):
    assert failure_of(answer(400, {"message": message}), WHERE).service_message is None


def test_the_services_message_is_quoted_shortened_and_on_one_line(answer):
    failure = failure_of(answer(400, {"message": "no\r\n  " + "x" * 1000}), WHERE)

    assert failure.service_message.startswith("no xxx")
    assert len(failure.service_message) == 300
    assert "\n" not in str(failure)


def test_record_that_mentions_authorization_is_not_a_refusal(answer):
    record = [{"id": 1, "dataItems": {"note": "not authorized to leave school", "message": "not authorized"}}]

    assert failure_of(answer(200, record), WHERE) is None
    assert failure_of(answer(200, record[0]), WHERE) is None


def test_403_with_retry_after_is_a_rate_limit(answer):
    failure = failure_of(answer(403, b"<html>Request rate exceeded</html>", {"Retry-After": "7"}), WHERE)

    assert (type(failure), failure.retry_after) == (RateLimited, 7)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_refused_key_is_never_a_rate_limit(answer, status):
    body = {"message": "You are not authorized to access this resource."}

    assert type(failure_of(answer(status, body, {"Retry-After": "7"}), WHERE)) is KeyRefused


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_by_an_html_page_names_the_gateway(answer, status):
    failure = failure_of(answer(status, b"\r\n<html>Access Denied</html>"), WHERE)

    assert type(failure) is KeyRefused
    assert "perhaps a gateway refuses this machine's network" in failure.message
    assert "Access Denied" not in str(failure)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("7", 7), (" 120 ", 120), ("9" * 400, math.inf)],
)
def test_retry_after_is_a_number_of_seconds(answer, text, seconds):
    assert failure_of(answer(429, headers={"Retry-After": text}), WHERE).retry_after == seconds
    assert failure_of(answer(503, headers={"Retry-After": text}), WHERE).retry_after == seconds


def test_retry_after_may_be_a_date_and_a_past_one_means_now(answer):
    soon = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=90), usegmt=True)
    past = "Wed, 21 Oct 2015 07:28:00 GMT"

    assert failure_of(answer(429, headers={"Retry-After": soon}), WHERE).retry_after == pytest.approx(90, abs=5)
    assert failure_of(answer(429, headers={"Retry-After": past}), WHERE).retry_after == 0
    assert failure_of(answer(429, headers={"Retry-After": past.replace(" GMT", "")}), WHERE).retry_after == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "-1",
        "1.5",
        "²",
        "٣",
        "Wed, 99 Foo 2015",
        "Mon, 01 Jan 99999999999999999999999 00:00:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +99999999999999999",
    ],
)
def test_unreadable_retry_after_is_ignored(answer, text):
    assert failure_of(answer(429, headers={"Retry-After": text}), WHERE).retry_after is None
    assert failure_of(answer(429), WHERE).retry_after is None


@given(st.text(max_size=60))
def test_retry_after_never_raises_and_is_never_negative(text):
    response = requests.Response()
    response.status_code, response._content = 429, b""
    response.headers["Retry-After"] = text

    assert (failure_of(response, WHERE).retry_after or 0) >= 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "an empty body"),
        (b" \r\n", "an empty body"),
        (BOM, "an empty body"),
        (MAINTENANCE, "HTML"),
        (BOM + b"\n" + MAINTENANCE, "HTML"),
        (b'[{"id": 1}, {"id"', "no valid JSON"),
        (b"\xff\xfe\x00", "no valid JSON"),
        (b"upstream connect error", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
    ],
)
def test_invalid_json_is_a_temporary_failure_that_names_the_content(answer, body, expected):
    with pytest.raises(TemporaryFailure) as raised:
        json_of(answer(200, body), WHERE)

    assert raised.value.message == f"the service answered with {expected} where JSON is expected."
    assert raised.value.arrived
    assert raised.value.status == 200


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        (b'[{"id": 1}, x]', 12),
        (BOM + b"[1,x]", 6),
        ('["é", x]'.encode(), 7),
        (b'["\xe9", x]', 6),
        (b"[1]]", 3),
        (b"[" * 100_000 + b"]" * 100_000, None),
    ],
)
def test_whole_body_that_is_not_json_is_broken_at_a_byte(answer, body, offset):
    with pytest.raises(BrokenAnswer) as raised:
        json_of(answer(200, body), WHERE)

    assert raised.value.offset == offset
    assert raised.value.message == "the service answered with no valid JSON where JSON is expected."


@pytest.mark.parametrize("body", [b'{"a": tru', b'{"a": "b}', b'[{"tags": ["a"]', b'[{"a": 1}, {"b"', b'["\xe9'])
def test_body_that_ends_early_is_a_temporary_failure(answer, body):
    with pytest.raises(TemporaryFailure) as raised:
        json_of(answer(200, body), WHERE)

    assert type(raised.value) is TemporaryFailure


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=ISO-8859-1",
        'text/json;charset="windows-1252"',
        "application/json; charset=latin1",
        "application/json; charset=ISO_8859-1",
        "application/json; charset=CP1252",
    ],
)
def test_charset_of_the_answer_is_used_for_a_body_that_is_not_utf_8(answer, content_type):
    headers = {"Content-Type": content_type}

    assert json_of(answer(200, '{"a": "Zoë"}'.encode("latin-1"), headers), WHERE) == ({"a": "Zoë"}, Repairs())
    assert json_of(answer(200, '{"a": "Zoë"}'.encode(), headers), WHERE) == ({"a": "Zoë"}, Repairs())


@pytest.mark.parametrize("charset", ["utf-8", "us-ascii", "iso-8859-12", "zlib", "__init__", "no such charset", ""])
def test_byte_that_is_not_utf_8_is_replaced_and_counted(answer, charset):
    headers = {"Content-Type": f"application/json; charset={charset}"}
    value, repairs = json_of(answer(200, b'{"a": "Zo\xeb"}', headers), WHERE)

    assert value == {"a": "Zo\N{REPLACEMENT CHARACTER}"}
    assert repairs.counts == {REPLACED: 1}


def test_raw_control_character_is_kept_and_counted(answer):
    value, repairs = json_of(answer(200, b'{\n\t"a": "x\ty\x01\\"\x1f"\n}'), WHERE)

    assert value == {"a": 'x\ty\x01"\x1f'}
    assert repairs.counts == {CONTROLS: 3}


def test_text_is_the_body_unless_empty_or_html(answer):
    assert text_of(answer(200, BOM + "https://blob.example/Zoë".encode()), WHERE) == "https://blob.example/Zoë"
    with pytest.raises(TemporaryFailure, match="HTML where text is expected"):
        text_of(answer(200, MAINTENANCE), WHERE)
    with pytest.raises(TemporaryFailure, match="an empty body where text is expected"):
        text_of(answer(200, b""), WHERE)
