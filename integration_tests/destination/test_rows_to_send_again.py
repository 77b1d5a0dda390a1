"""A row whose answer is lost may be applied late, after a later row of its key."""

from pathlib import Path

import pytest
from tenacity import wait_fixed

from integration_tests.destination.marked_row import SHORT_TIMEOUTS
from integration_tests.destination.session import Session, catalog, config, record, run, stream_state
from integration_tests.destination.stand_in import Arrival, Reply, StandIn

ROWS = [("1", "old"), ("2", "other"), ("1", "newer"), ("1", "new")]


@pytest.fixture(autouse=True)
def _short_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powerschool_enrollment_api.retry._BACK_OFF", wait_fixed(0.01))


def write(service: StandIn, folder: Path, lost: str, **options: object) -> Session:
    """Write the rows; the first answer about the row `lost` does not arrive."""

    def answer(arrival: Arrival) -> Reply:
        return Reply(drop=arrival.body["Comment"] == lost and arrival.attempt == 1)

    service.answer = answer
    rows = [record({"StudentID": student, "Comment": comment}) for student, comment in ROWS]
    session = run(folder, config(service, **options), catalog(), [*rows, stream_state(1)], environment=SHORT_TIMEOUTS)
    assert session.code == 0, session.everything
    assert session.states[0]["destinationStats"] == {"recordCount": 4.0, "rejectedRecordCount": 0.0}
    return session


def sent(service: StandIn, student: str) -> list[str]:
    return [arrival.body["Comment"] for arrival in service.arrivals if arrival.body["StudentID"] == student]


def test_last_row_is_sent_again_after_an_earlier_row_of_its_key_lost_its_answer(
    service: StandIn, tmp_path: Path
) -> None:
    session = write(service, tmp_path, lost="old")
    assert sent(service, "1") == ["old", "old", "newer", "new", "new"]
    assert sent(service, "2") == ["other"]
    assert "Sending 1 rows again: earlier rows of their keys may be applied late." in session.logs


def test_row_that_is_not_accepted_again_is_a_warning(service: StandIn, tmp_path: Path) -> None:
    attempts: list[str] = []

    def answer(arrival: Arrival) -> Reply:
        attempts.append(arrival.body["Comment"])
        if attempts.count("new") == 2:
            return Reply(409, {"message": "The record is locked."})
        return Reply(drop=attempts == ["old"])

    service.answer = answer
    rows = [record({"StudentID": "1", "Comment": comment}) for comment in ("old", "new")]
    session = run(tmp_path, config(service), catalog(), [*rows, stream_state(1)], environment=SHORT_TIMEOUTS)
    assert session.code == 0
    assert attempts == ["old", "old", "new", "new"]
    assert "1 rows could not be sent again: an earlier row may replace them." in session.logs


@pytest.mark.parametrize("lost", ["new", "other", "none"])
def test_nothing_is_sent_again_if_the_last_row_lost_its_answer(service: StandIn, tmp_path: Path, lost: str) -> None:
    session = write(service, tmp_path, lost=lost)
    assert len(service.arrivals) == len(ROWS) + (lost != "none")
    assert "again: earlier rows of" not in session.logs
