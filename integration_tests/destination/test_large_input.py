"""Input and answers that are much larger than usual."""

import json
from pathlib import Path

import pytest

from integration_tests.destination.marked_row import MARKED, write
from integration_tests.destination.stand_in import Reply, StandIn


@pytest.mark.parametrize("letters", ["x" * 200_000, "Zyxwana " * 25_000, "'" * 200_000])
def test_huge_reason_and_row_are_rejected_like_others(service: StandIn, tmp_path: Path, letters: str) -> None:
    service.answer = lambda _: Reply(body={"status": "Error", "errors": [f"Comment is too long: {letters}"]})
    path = tmp_path / "rejected.jsonl"
    row = {**MARKED, "Comment": "vertraulich " * 100_000}
    session = write(tmp_path, service, row, rejected_rows_file=str(path))
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert "Once: Comment is too long: " in session.failure["message"]
    assert "The rejected_rows_file has the full reason." in session.failure["message"]
    (kept,) = map(json.loads, path.read_text().splitlines())
    assert kept["row"] == row
    assert len(kept["reason"]) == 100_000
