"""Each fault, over a socket: the right failure type, message and exit code, in bounded time, and no value of a row."""

import json
import signal
import socket
import stat
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

from integration_tests.destination.session import (
    COMMAND,
    Session,
    catalog,
    config,
    configured_stream,
    record,
    run,
    stream_state,
)
from integration_tests.destination.stand_in import Reply, StandIn

IMPATIENT = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "2", "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS": "0.5"}
MARKED = {"StudentID": "777123", "FirstName": "Zyxwana", "Comment": "vertraulich"}
MARKS = ("777123", "Zyxwana", "vertraulich", "a-key-nobody-may-see")
NOT_AUTHORIZED = {"message": "You are not authorized to access this resource."}
HTML = "<html><body>Down for maintenance</body></html>"


def write(folder: Path, service: StandIn, *rows: dict | str, stream: dict | None = None, **options: object) -> Session:
    """Write the marked row, or others, with a state behind them; whatever happens, no mark and no stack is printed."""
    began = time.monotonic()
    streams = {"streams": [stream]} if stream else catalog()
    lines = [row if isinstance(row, str) else record(row) for row in rows or (MARKED,)]
    session = run(folder, config(service, **options), streams, [*lines, stream_state(1)], environment=IMPATIENT)
    assert time.monotonic() - began < 30
    for text in (*MARKS, "Traceback"):
        assert text not in session.everything
    return session


def submissions() -> dict:
    target = {"type": "submission", "published_action_id": 1}
    return {"imports": [{"stream": "students", "target": target, "key_field": "StudentID"}]}


def test_a_key_refused_by_the_documented_500_is_the_users_to_mend(service: StandIn, tmp_path: Path) -> None:
    service.gets["/publishedactions"] = Reply(500, NOT_AUTHORIZED)
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "api_key" in session.failure["message"]
    assert service.arrivals == []


def test_an_address_where_nothing_answers_is_the_users_to_mend(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{reserved.getsockname()[1]}"
        nowhere = SimpleNamespace(base_url=f"http://{host}/api/v1")
        session = run(tmp_path, config(nowhere), catalog(), [record(MARKED), stream_state(1)], environment=IMPATIENT)
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


def test_import_schemas_that_are_gone_count_as_none(service: StandIn, tmp_path: Path) -> None:
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
def test_a_passing_fault_passes(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.answer = lambda arrival: reply if arrival.attempt == 1 else Reply()
    session = write(tmp_path, service)
    assert session.code == 0
    assert len(service.arrivals) == 2
    assert len(session.states) == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(429, {"message": "Slow down."}, headers={"Retry-After": "1"}), "fewer requests"),
        (Reply(503, HTML), "status 503"),
        (Reply(500, {"message": "Zyxwana could not be saved."}), "… could not be saved."),
        (Reply(200, HTML), "HTML where JSON is due"),
        (Reply(delay=0.9), "did not answer in time"),
        (Reply(drop=True), "connection was lost"),
    ],
    ids=["429", "503", "500", "html", "slow", "dropped"],
)
def test_a_fault_that_lasts_ends_the_sync_as_transient(
    service: StandIn, tmp_path: Path, reply: Reply, said: str
) -> None:
    service.answer = lambda _: reply
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "transient_error")
    assert said in session.failure["message"]
    assert session.states == []


def test_an_error_with_status_200_rejects_the_row(service: StandIn, tmp_path: Path) -> None:
    reason = "FirstName 'Zyxwana' is not allowed for student 777123."
    service.answer = lambda _: Reply(body={"status": "Error", "errors": [reason]})
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "1 of 1 rows were rejected" in session.failure["message"]
    assert "FirstName … is not allowed for student … (stream students, row 1)" in session.failure["message"]


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refused_request_rejects_the_row(service: StandIn, tmp_path: Path, status: int) -> None:
    service.answer = lambda _: Reply(status, {"message": "Zyxwana is locked."})
    session = write(tmp_path, service, on_rejected_row={"policy": "skip", "max_rejected_percent": 100})
    assert session.code == 0
    assert session.states[0]["destinationStats"] == {"recordCount": 0.0, "rejectedRecordCount": 1.0}


@pytest.mark.parametrize("body", [{"errors": []}, {}, [], 5, {"status": "Zyxwana"}])
def test_an_answer_without_a_known_status_is_nobodys_success(service: StandIn, tmp_path: Path, body: object) -> None:
    service.answer = lambda _: Reply(body=body)
    session = write(tmp_path, service)
    assert (session.code, session.failure["failure_type"]) == (1, "system_error")
    assert "does not say whether the row was imported" in session.failure["message"]
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


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"StudentID": "777123", "Comment": NaN}', "'Comment' holds a number that is none"),
        ('{"StudentID": "777123", "Comment": 1e999}', "'Comment' holds a number too long"),
        ('{"StudentID": "777123", "Comment": ["vertraulich"]}', "'Comment' holds a list"),
        ('{"StudentID": "777123", "Comment": {"a": "vertraulich"}}', "'Comment' holds an object"),
        ('{"StudentID": "777123", "Extra": "vertraulich"}', "The column 'Extra' has no field"),
        ('{"StudentID": null, "Comment": "vertraulich"}', "key field 'StudentID' is missing or empty"),
        ('{"Comment": "vertraulich"}', "key field 'StudentID' is missing or empty"),
    ],
)
def test_a_row_that_cannot_be_sent_is_rejected(service: StandIn, tmp_path: Path, row: str, reason: str) -> None:
    line = f'{{"type": "RECORD", "record": {{"stream": "students", "emitted_at": 1, "data": {row}}}}}'
    session = write(tmp_path, service, line, MARKED)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert reason in session.failure["message"]
    assert service.answered == [MARKED]


def test_numbers_go_as_they_were_written(service: StandIn, tmp_path: Path) -> None:
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


def test_a_full_disk_for_rejected_rows_stops_the_sync(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda _: Reply(400, {"message": "no"})
    policy = {"policy": "skip", "max_rejected_percent": 100}
    session = write(tmp_path, service, rejected_rows_file="/dev/full", on_rejected_row=policy)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "rejected_rows_file" in session.failure["message"]
    assert "No space left on device" in session.failure["message"]
    assert session.states == []


def test_rejected_rows_are_kept_whole_for_their_owner_alone(service: StandIn, tmp_path: Path) -> None:
    began = datetime.now(timezone.utc).replace(microsecond=0)
    path = tmp_path / "rejected.jsonl"
    path.write_text('{"earlier": 1}\n')
    path.chmod(0o644)
    service.answer = lambda _: Reply(409, {"message": "Zyxwana is locked."})
    policy = {"policy": "skip", "max_rejected_percent": 100}
    session = write(tmp_path, service, rejected_rows_file=str(path), on_rejected_row=policy)
    assert session.code == 0
    earlier, kept = (json.loads(line) for line in path.read_text().splitlines())
    assert earlier == {"earlier": 1}
    moment = datetime.strptime(kept.pop("rejected_at"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert began <= moment <= datetime.now(timezone.utc)
    assert kept == {
        "stream": "students",
        "namespace": None,
        "reason": "Zyxwana is locked.",
        "status": 409,
        "row": MARKED,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_too_many_skipped_rows_fail_the_sync_at_its_end(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda arrival: Reply(400, {"message": "no"}) if arrival.body["Comment"] == "bad" else Reply()
    rows = [{"StudentID": str(n), "Comment": "bad" if n % 10 == 0 else "fine"} for n in range(100)]
    session = write(tmp_path, service, *rows, on_rejected_row={"policy": "skip"})
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "10 of 100 rows were rejected, more than max_rejected_percent (5) allows" in session.failure["message"]
    assert session.states[0]["destinationStats"] == {"recordCount": 90.0, "rejectedRecordCount": 10.0}


def test_fifty_equal_rejections_are_a_wrong_configuration(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda arrival: Reply(400, {"message": f"Student {arrival.body['StudentID']}: form closed."})
    rows = [{**MARKED, "StudentID": f"777123{n}"} for n in range(500)]
    session = write(tmp_path, service, *rows, on_rejected_row={"policy": "skip", "max_rejected_percent": 100})
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "the first 50 rows were all rejected for one reason: Student …: form closed." in session.failure["message"]
    assert 50 <= len(service.arrivals) < 60


def test_a_catalog_that_is_none_is_named(service: StandIn, tmp_path: Path) -> None:
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


def write_in_a_shell(folder: Path, service: StandIn, redirection: str) -> "subprocess.CompletedProcess[str]":
    """Write one row and a state, with the output or the input redirected."""
    for name, content in (("config", config(service)), ("catalog", catalog())):
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, [record(MARKED), stream_state(1)])))
    command = f"{' '.join(COMMAND)} write --config config.json --catalog catalog.json < rows.jsonl {redirection}"
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_an_output_that_cannot_be_written_is_told_in_one_line(service: StandIn, tmp_path: Path) -> None:
    done = write_in_a_shell(tmp_path, service, "> /dev/full")
    assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")


def in_namespaces(*namespaces: str) -> dict:
    streams = [configured_stream("students", MARKED) for _ in namespaces]
    for stream, namespace in zip(streams, namespaces, strict=True):
        stream["stream"]["namespace"] = namespace
    return {"streams": streams}


def test_rows_and_states_whose_namespace_a_cache_dropped_belong_to_the_only_stream_of_their_name(
    service: StandIn, tmp_path: Path
) -> None:
    session = run(tmp_path, config(service), in_namespaces("public"), [record(MARKED), stream_state(1)])
    assert session.code == 0
    assert len(service.answered) == 1
    assert session.states[0]["destinationStats"] == {"recordCount": 1.0, "rejectedRecordCount": 0.0}
    assert session.states[0]["stream"]["stream_descriptor"] == {"name": "students"}


def test_a_row_without_a_namespace_that_may_belong_to_two_streams_fails_the_sync(
    service: StandIn, tmp_path: Path
) -> None:
    session = run(tmp_path, config(service), in_namespaces("public", "old"), [record(MARKED), stream_state(1)])
    assert session.code == 1
    assert (
        "stream students came, which is not in the configured catalog (public.students, old.students)"
        in (session.failure["message"])
    )
    assert (service.answered, session.states) == ([], [])


def test_ctrl_c_ends_it_at_once_with_a_word_and_no_stack(service: StandIn, tmp_path: Path) -> None:
    session = Session(tmp_path, config(service), catalog())
    session.send(record(MARKED), stream_state(1))
    session.wait_for_states(1)
    session.process.send_signal(signal.SIGINT)
    session.end()
    assert session.code == 1
    assert "".join(session.errors).startswith("Interrupted. Rows after the last state may have been written, too")
    assert "Traceback" not in session.everything


def test_an_output_that_nobody_reads_any_more_ends_it_quietly(service: StandIn, tmp_path: Path) -> None:
    done = write_in_a_shell(tmp_path, service, "| true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (1, "")


def test_no_input_at_all_is_told(service: StandIn, tmp_path: Path) -> None:
    done = write_in_a_shell(tmp_path, service, "<&-")
    assert (done.returncode, done.stderr) == (1, "")
    assert "There is no standard input, which the rows are read from." in done.stdout
    assert service.arrivals == []
