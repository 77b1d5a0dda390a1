"""No log and no exception contains the key, a query or a body."""

from __future__ import annotations

import logging
import traceback

import pytest

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, Timeouts, open_list, open_one, open_page, verify_connection
from unit_tests.api.scripted_server import DROP, HANG, http_answer

KEY = "the-key-of-a-district"
KEY_AS_SENT = "dGhlLWtleS1vZi1hLWRpc3RyaWN0"
CHILD = "Ada-Lovelace"
RECORD = b'{"id": 1, "firstName": "Ada-Lovelace"}'


ANSWERS = {
    "a record": http_answer(RECORD),
    "half a record": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + RECORD,
    "not JSON": http_answer(RECORD + b"}"),
    "odd JSON": http_answer(b"[NaN, " + RECORD + b"]"),
    "odd bytes": http_answer(b'[123456789012345678901234567890, "\xe9\x01\\u0000", ' + RECORD + b"]"),
    "a tail after JSON": http_answer(b"[" + RECORD + b"]]"),
    "deep JSON": http_answer(b"[" * 50_000 + RECORD),
    "HTML": http_answer(b"<html>" + RECORD),
    "400": http_answer(RECORD, "400 Bad Request"),
    "401": http_answer(RECORD, "401 Unauthorized"),
    "404": http_answer(RECORD, "404 Not Found"),
    "429": http_answer(RECORD, "429 Too Many Requests", "Retry-After: Ada-Lovelace"),
    "500": http_answer(RECORD, "500 Oh"),
    "a long 500": http_answer(b'{"message": "' + b"Ada-Lovelace" * 1000 + b'"}', "500 Oh"),
    "302": http_answer(RECORD, "302 Found", "Location: https://elsewhere.example/?name=Ada-Lovelace"),
    "odd headers": http_answer(b"[]", "200 OK", "Ada-Lovelace: 1", "Ada Lovelace", "X: Ada-Lovelace"),
    "a value in the reason phrase": http_answer(RECORD, "500 Ada-Lovelace"),
    "compressed": http_answer(RECORD, "200 OK", "Content-Encoding: gzip"),
    "drop": DROP,
    "hang": HANG,
}


@pytest.fixture
def logged(caplog):
    """Return a function that returns everything that was logged, by all loggers, at any level."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="airbyte")
    caplog.set_level(logging.DEBUG, logger="urllib3")
    return lambda: "\n".join(
        logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s").format(r) for r in caplog.records
    )


def failure_of(send):
    try:
        send()
    except EnrollmentError as error:
        return error
    return None


def texts_of(error):
    """Return every text that an error may leave in a log, a traceback or a trace message."""
    if error is None:
        return []
    traced = as_traced_exception(error)
    return [
        str(error),
        repr(error),
        repr(vars(error)),
        repr(error.args),
        "".join(traceback.format_exception(error)),
        repr(traced),
        str(traced.message),
        str(traced.internal_message),
        traced.as_airbyte_message().trace.error.stack_trace or "",
    ]


@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS)
def test_errors_and_logs_contain_no_key_no_query_and_no_body(client_for, server, logged, reply):
    server.answers(reply)
    client = client_for(server.base_url, timeouts=Timeouts(connect=1, read=0.05, retries=2))
    path, query = "/publishedactions/1/rosterrecords", {"lastName": CHILD}
    texts = [repr(client), repr(client.settings)]
    for send in (
        lambda: open_page(client.get(path, query)),
        lambda: open_list(client.get(path, query)),
        lambda: open_one(client.get_response(path, query).json()),
        lambda: client.get_text(path, query),
        lambda: client.post(path, {"firstName": CHILD}, repeatable=False),
        lambda: client.post(path, {"firstName": CHILD}, repeatable=True),
        lambda: verify_connection(client),
    ):
        texts += texts_of(failure_of(send))

    for text in [*texts, logged()]:
        assert KEY not in text
        assert KEY_AS_SENT not in text
        assert CHILD not in text
        assert "?" not in text
        assert "lastName" not in text


def test_failed_connection_shows_no_key_and_no_query(client_for, free_port, logged):
    client = client_for(f"http://127.0.0.1:{free_port}/api/v1", timeouts=Timeouts(connect=1, read=1, retries=3))

    with pytest.raises(EnrollmentError) as raised:
        client.get("/publishedactions/1/rosterrecords", {"lastName": CHILD})

    for text in [*texts_of(raised.value), logged()]:
        assert KEY not in text
        assert CHILD not in text


def test_retry_log_contains_only_path_and_pause(client, requests_mock, caplog):
    requests_mock.get(
        "https://enrollment.example/api/v1/checklists",
        [{"status_code": 503, "json": {"message": CHILD}, "headers": {"Retry-After": "2"}}, {"json": []}],
    )

    client.get("/checklists", {"search": CHILD})

    assert caplog.messages == ["GET /checklists: the service failed with status 503. Trying again in 2.0 s."]
