import json
from contextlib import closing

import pytest

from destination_powerschool_enrollment.outcome import Outcome, RowResult
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
