import json
from contextlib import closing

import pytest

from destination_powerschool_enrollment.outcome import Outcome, RowResult
from destination_powerschool_enrollment.protocol import read_messages
from destination_powerschool_enrollment.rejected_rows import RejectedRowsFile

ROW = {"StudentID": "17"}


@pytest.mark.parametrize(
    ("before", "kept"), [(b"", []), (b"{}\n", ["{}"]), (b'{}\n{"cut": ', ["{}", '{"cut": '])], ids=str
)
def test_row_starts_on_a_new_line_after_any_file_content(tmp_path, before, kept):
    path = tmp_path / "rejected.jsonl"
    path.write_bytes(before)
    with closing(RejectedRowsFile(str(path))) as file:
        file.add((None, "students"), ROW, Outcome(RowResult.REJECTED, "no", "no"))
    *earlier, last = path.read_text().splitlines()
    assert earlier == kept
    assert json.loads(last)["row"] == ROW
    assert path.stat().st_mode & 0o077 == 0


def test_numbers_that_json_lacks_are_kept_as_text(tmp_path):
    path = tmp_path / "rejected.jsonl"
    with closing(RejectedRowsFile(str(path))) as file:
        (message,) = read_messages(
            [b'{"type": "RECORD", "record": {"stream": "a", "data": {"a": NaN, "b": -Infinity, "c": 1e400, "d": 1.5}}}']
        )
        file.add((None, "a"), message.data, Outcome(RowResult.REJECTED, "no", "no"))
    kept = json.loads(path.read_text(), parse_constant=lambda _: pytest.fail("not JSON"))
    assert kept["row"] == {"a": "NaN", "b": "-Infinity", "c": "1E+400", "d": 1.5}
