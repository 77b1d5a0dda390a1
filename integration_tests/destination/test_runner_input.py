"""Input that runners and shells send, as public bug reports of other connectors describe it."""

import json
from pathlib import Path

import pytest

from integration_tests.destination.marked_row import MARKED, write
from integration_tests.destination.session import configured_stream, record
from integration_tests.destination.stand_in import StandIn


@pytest.mark.parametrize("kind", ["record", "RECORD_BATCH"])
def test_row_of_an_unknown_message_type_fails_the_sync(service: StandIn, tmp_path: Path, kind: str) -> None:
    session = write(tmp_path, service, json.dumps({**record(MARKED), "type": kind}))
    assert (session.code, session.states, service.answered) == (1, [], [])
    assert session.failure["message"].startswith("Line 1 of the input is not an Airbyte message.")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("\ufeff" + json.dumps(record(MARKED)), id="a byte order mark before the first line"),
        pytest.param(json.dumps(record(MARKED)) + "\r", id="line ends of Windows"),
        pytest.param(json.dumps({**record(MARKED), "state": None, "trace": None, "control": None}), id="null members"),
        pytest.param(
            json.dumps({"type": "RECORD", "record": {**record(MARKED)["record"], "meta": {"changes": []}}}), id="meta"
        ),
    ],
)
def test_row_as_runners_write_it_is_sent(service: StandIn, tmp_path: Path, line: str) -> None:
    session = write(tmp_path, service, line)
    assert (session.code, service.answered) == (0, [MARKED])
    assert session.states[0]["destinationStats"] == {"recordCount": 1.0, "rejectedRecordCount": 0.0}


@pytest.mark.parametrize("kind", ["CONTROL", "TRACE", "LOG", "SOMETHING_NEW"])
def test_message_of_another_type_is_ignored(service: StandIn, tmp_path: Path, kind: str) -> None:
    other = json.dumps({"type": kind, kind.lower(): {"type": "ESTIMATE"}, "record": None, "state": None})
    session = write(tmp_path, service, other, MARKED)
    assert (session.code, service.answered, len(session.states)) == (0, [MARKED], 1)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"destinationSyncMode": "update"}, "is a catalog of Airbyte's API, not of its protocol."),
        ({"primary_key": ["StudentID"]}, "is not a configured catalog: its entry streams.0 is not valid."),
    ],
)
def test_catalog_in_another_format_is_refused_before_the_first_row(
    service: StandIn, tmp_path: Path, members: dict, problem: str
) -> None:
    session = write(tmp_path, service, stream=configured_stream("students", MARKED, **members))
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert problem in session.failure["message"]
    assert service.get_paths == []


def test_unknown_and_null_members_of_a_catalog_are_ignored(service: StandIn, tmp_path: Path) -> None:
    members = {"primary_key": None, "cursor_field": None, "generation_id": 0, "minimum_generation_id": 0, "mappers": []}
    session = write(tmp_path, service, stream=configured_stream("students", MARKED, **members))
    assert (session.code, service.answered) == (0, [MARKED])


@pytest.mark.parametrize(
    ("members", "is_warned"),
    [
        pytest.param({"destination_sync_mode": "overwrite"}, True, id="overwrite"),
        pytest.param({"generation_id": 3, "minimum_generation_id": 3, "sync_id": 42}, True, id="a refresh"),
        pytest.param({"generation_id": 1, "minimum_generation_id": 1, "sync_id": 42}, True, id="the first refresh"),
        pytest.param({"generation_id": 3, "minimum_generation_id": 0, "sync_id": 42}, False, id="a sync after it"),
        pytest.param({"generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}, False, id="PyAirbyte"),
    ],
)
def test_sync_that_should_remove_earlier_rows_warns_that_they_stay(
    service: StandIn, tmp_path: Path, members: dict, is_warned: bool
) -> None:
    session = write(tmp_path, service, stream=configured_stream("students", MARKED, **members))
    assert (session.code, service.answered) == (0, [MARKED])
    assert ("The service cannot delete: the rows of earlier syncs stay" in session.logs) is is_warned


@pytest.mark.parametrize("column", ["_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT"])
def test_row_deleted_at_its_source_is_not_sent(service: StandIn, tmp_path: Path, column: str) -> None:
    stream = configured_stream("students", [*MARKED, column, "_ab_cdc_lsn"])
    deleted = {"StudentID": "777123", "FirstName": None, "Comment": None, column: "2026-08-01T00:00:00Z"}
    kept = {**MARKED, "StudentID": "7771234", column: None, "_ab_cdc_lsn": 7}
    session = write(tmp_path, service, kept, deleted, deleted, stream=stream)
    assert (session.code, service.answered) == (0, [{**MARKED, "StudentID": "7771234"}])
    assert session.states[0]["destinationStats"] == {"recordCount": 3.0, "rejectedRecordCount": 0.0}
    assert (
        "left out rows that were deleted at their source, because the service cannot delete (2 times)" in session.logs
    )
