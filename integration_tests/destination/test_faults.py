"""Each fault, over a socket: its failure type, message and exit code. No output contains a value of a row."""

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from tenacity import wait_fixed

from integration_tests.destination.marked_row import MARKED, MARKS, SHORT_TIMEOUTS, write
from integration_tests.destination.session import (
    catalog,
    config,
    configured_stream,
    record,
    run,
    stream_state,
)
from integration_tests.destination.stand_in import Reply, StandIn

NOT_AUTHORIZED = {"message": "You are not authorized to access this resource."}
HTML = "<html><body>Down for maintenance</body></html>"


@pytest.fixture(autouse=True)
def _short_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powerschool_enrollment_api.retry._BACK_OFF", wait_fixed(0.1))


def submissions() -> dict:
    target = {"type": "submission", "published_action_id": 1}
    return {"imports": [{"stream": "students", "target": target, "key_field": "StudentID"}]}


def test_refused_key_with_status_500_is_a_config_error(service: StandIn, tmp_path: Path) -> None:
    service.gets["/publishedactions"] = Reply(500, NOT_AUTHORIZED)
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "api_key" in session.failure["message"]
    assert service.arrivals == []


def test_unreachable_address_is_a_config_error(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{reserved.getsockname()[1]}"
        nowhere = SimpleNamespace(base_url=f"http://{host}/api/v1")
        session = run(
            tmp_path, config(nowhere), catalog(), [record(MARKED), stream_state(1)], environment=SHORT_TIMEOUTS
        )
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert f"{host} refuses the connection. Check the option base_url" in session.failure["message"]
    assert session.states == []


@pytest.mark.parametrize("reply", [Reply(500, NOT_AUTHORIZED), Reply(401, NOT_AUTHORIZED), Reply(403, None)])
def test_a_key_refused_in_the_middle_stops_at_once(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.answer = lambda _: reply
    session = write(tmp_path, service, *({**MARKED, "StudentID": f"777123{n}"} for n in range(100)))
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "api_key" in session.failure["message"]
    assert len(service.arrivals) <= 4
    assert session.states == []


def test_an_unknown_form_is_named_before_the_first_row(service: StandIn, tmp_path: Path) -> None:
    target = {"type": "import_schema", "published_action_id": 999, "import_schema_id": 10}
    session = write(tmp_path, service, imports=[{"stream": "students", "target": target}])
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "published action 999 does not exist" in session.failure["message"]
    assert "1 (Form 1 2026-2027)" in session.failure["message"]
    assert service.arrivals == []


def test_an_unknown_import_schema_is_named_before_the_first_row(service: StandIn, tmp_path: Path) -> None:
    target = {"type": "import_schema", "published_action_id": 1, "import_schema_id": 99}
    session = write(tmp_path, service, imports=[{"stream": "students", "target": target}])
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "published action 1 has no import schema 99. There are: 10 (Roster)." in session.failure["message"]


def test_form_and_schema_ids_that_are_sent_as_text_are_found(service: StandIn, tmp_path: Path) -> None:
    service.gets["/publishedactions"] = Reply(body=[{"id": "1", "title": "Form 1"}, None])
    service.gets["/publishedactions/1/importschemas"] = Reply(body=[{"id": "10", "title": "A", "fields": [*MARKED]}])
    assert write(tmp_path, service).code == 0
    assert service.answered == [MARKED]


def test_404_for_import_schemas_means_that_the_form_has_none(service: StandIn, tmp_path: Path) -> None:
    service.gets["/publishedactions/1/importschemas"] = Reply(404, {"message": "gone"})
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "import schema 10" in session.failure["message"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, {"message": "Slow down."}, headers={"Retry-After": "1"}),
        Reply(503, HTML),
        Reply(500, {"message": "Zyxwana could not be saved."}),
        Reply(200, HTML),
        Reply(200, ""),
        Reply(delay=0.9),
        Reply(drop=True),
    ],
    ids=["429", "503", "500", "html", "empty", "slow", "dropped"],
)
def test_row_is_sent_again_after_a_temporary_failure(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.answer = lambda arrival: reply if arrival.attempt == 1 else Reply()
    session = write(tmp_path, service)
    assert session.code == 0
    assert len(service.arrivals) == 2
    assert len(session.states) == 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(429, {"message": "Slow down."}, headers={"Retry-After": "1"}), "fewer requests"),
        (Reply(503, HTML), "status 503"),
        (Reply(500, {"message": "Zyxwana could not be saved."}), "… could not be saved."),
        (Reply(200, HTML), "HTML where JSON is expected"),
        (Reply(delay=0.9), "did not answer in time"),
        (Reply(drop=True), "connection was lost"),
    ],
    ids=["429", "503", "500", "html", "slow", "dropped"],
)
def test_a_fault_that_lasts_ends_the_sync_as_transient(
    service: StandIn, tmp_path: Path, reply: Reply, message: str
) -> None:
    service.answer = lambda _: reply
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "transient_error")
    assert message in session.failure["message"]
    assert session.states == []


@pytest.mark.parametrize("body", [{"errors": []}, {}, [], 5, {"status": "Zyxwana"}])
def test_answer_without_a_known_status_is_not_a_success(service: StandIn, tmp_path: Path, body: object) -> None:
    service.answer = lambda _: Reply(body=body)
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "system_error")
    assert "does not state whether the row was imported" in session.failure["message"]
    assert session.states == []


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(delay=0.9), Reply(500, {}), Reply(200, HTML)])
def test_a_submission_of_unknown_outcome_is_not_sent_again(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.answer = lambda _: reply
    session = write(tmp_path, service, **submissions())
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "not known whether the service created this submission" in session.failure["message"]
    assert len(service.arrivals) == 1


def test_a_submission_that_was_not_acted_upon_is_sent_again(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda arrival: Reply(429, {}, headers={"Retry-After": "0"}) if arrival.attempt == 1 else Reply()
    session = write(tmp_path, service, **submissions())
    assert session.code == 0
    items = [{"fieldName": name, "value": value} for name, value in MARKED.items()]
    assert service.answered[-1] == {"publishedActionId": 1, "submission": {"dataItems": items}}


@pytest.mark.parametrize("reply", [Reply(body={"id": 5}), Reply(201, None), Reply(204, None), Reply(body="")])
def test_any_success_without_errors_creates_a_submission(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.answer = lambda _: reply
    assert write(tmp_path, service, **submissions()).code == 0


def test_many_unknown_outcomes_in_a_row_are_an_outage(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda _: Reply() if len(service.arrivals) <= 5 else Reply(502, HTML)
    rows = [{**MARKED, "StudentID": f"777123{n}"} for n in range(100)]
    session = write(tmp_path, service, *rows, on_rejected_row={"policy": "skip"}, **submissions())
    assert (session.code, session.failure["failure_type"]) == (1, "transient_error")
    assert len(service.arrivals) < 25


def test_numbers_are_sent_without_loss_of_precision(service: StandIn, tmp_path: Path) -> None:
    data = '{"StudentID": 7771230000000000000000001, "Comment": 1.0, "Grade": 0.1000000000000000055}'
    stream = configured_stream("students", ("StudentID", "Comment", "Grade"))
    line = f'{{"type": "RECORD", "record": {{"stream": "students", "emitted_at": 1, "data": {data}}}}}'
    assert write(tmp_path, service, line, stream=stream).code == 0
    assert service.answered == [
        {"StudentID": "7771230000000000000000001", "Comment": "1", "Grade": "0.1000000000000000055"}
    ]


def test_a_column_without_a_field_fails_before_the_first_row(service: StandIn, tmp_path: Path) -> None:
    stream = configured_stream("students", ("StudentID", "FristName", "Nickname"))
    session = write(tmp_path, service, stream=stream)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "the column 'FristName' has no field (did you mean 'FirstName'?)" in session.failure["message"]
    assert "the column 'Nickname' has no field" in session.failure["message"]
    assert service.arrivals == []


def test_invalid_catalog_is_named(service: StandIn, tmp_path: Path) -> None:
    session = run(tmp_path, config(service), {"streams": [{"stream": "vertraulich"}]}, [record(MARKED)])
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert f"The file {tmp_path / 'catalog.json'}, given with --catalog, is not a conf" in session.failure["message"]
    assert not any(mark in session.everything for mark in MARKS)


def test_validate_only_sends_nothing_and_confirms_nothing(service: StandIn, tmp_path: Path) -> None:
    session = write(tmp_path, service, MARKED, MARKED, validate_only=True)
    assert session.code == 0
    assert service.arrivals == []
    assert session.states == []
    assert "2 rows: 2 fit to be sent" in session.logs
