"""Rows that the service rejects, or that cannot be sent: their messages, their file, and how the sync ends."""

import json
import stat
from datetime import datetime, timezone
from pathlib import Path

import pytest

from integration_tests.destination.marked_row import MARKED, write
from integration_tests.destination.stand_in import Reply, StandIn


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


def test_refusal_without_a_reason_shows_its_status(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda _: Reply(413, "<html>Zyxwana</html>")
    session = write(tmp_path, service)
    assert "row 1: rejected: The service refused the row with status 413." in session.logs
    assert "rejected_rows_file" not in session.logs


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"StudentID": "777123", "Comment": NaN}', "'Comment' holds a number that is not finite"),
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


def test_a_full_disk_for_rejected_rows_stops_the_sync(service: StandIn, tmp_path: Path) -> None:
    service.answer = lambda _: Reply(400, {"message": "no"})
    policy = {"policy": "skip", "max_rejected_percent": 100}
    session = write(tmp_path, service, rejected_rows_file="/dev/full", on_rejected_row=policy)
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "rejected_rows_file" in session.failure["message"]
    assert "No space left on device" in session.failure["message"]
    assert session.states == []


def test_rejected_rows_are_complete_and_readable_by_their_owner_only(service: StandIn, tmp_path: Path) -> None:
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
