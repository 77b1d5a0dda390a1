"""Input that runners and shells send, as public bug reports of other connectors describe it."""

import json
from pathlib import Path

import pytest

from integration_tests.destination.marked_row import MARKED, write
from integration_tests.destination.session import record
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
