import json
from contextlib import closing

import pytest

from destination_powerschool_enrollment.protocol import RowMessage, read_messages
from destination_powerschool_enrollment.rejected_rows import RejectedRowsFile, problems_of_path
from destination_powerschool_enrollment.send_row import Outcome, RowResult
from powerschool_enrollment_api import InvalidOption

ROW = {"StudentID": "17"}


@pytest.mark.parametrize(
    ("before", "kept"), [(b"", []), (b"{}\n", ["{}"]), (b'{}\n{"cut": ', ["{}", '{"cut": '])], ids=str
)
def test_row_starts_on_a_new_line_after_any_file_content(tmp_path, before, kept):
    path = tmp_path / "rejected.jsonl"
    path.write_bytes(before)
    with closing(RejectedRowsFile(str(path))) as file:
        file.add(RowMessage((None, "students"), ROW), Outcome(RowResult.REJECTED, "no", "no"))
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
        file.add(message, Outcome(RowResult.REJECTED, "no", "no"))
    kept = json.loads(path.read_text(), parse_constant=lambda _: pytest.fail("not JSON"))
    assert kept["row"] == {"a": "NaN", "b": "-Infinity", "c": "1E+400", "d": 1.5}


@pytest.mark.parametrize("exists", [True, False])
def test_symbolic_link_is_refused_and_its_target_unchanged(tmp_path, exists):
    target, link = tmp_path / "target", tmp_path / "rejected.jsonl"
    if exists:
        target.write_text("x")
        target.chmod(0o644)
    link.symlink_to(target)
    with pytest.raises(InvalidOption, match="the file is a symbolic link"):
        RejectedRowsFile(str(link))
    assert list(problems_of_path(str(link))) == [
        "The option rejected_rows_file: the file is a symbolic link. Name the file itself."
    ]
    assert target.exists() is exists
    assert not exists or (target.read_text(), target.stat().st_mode & 0o777) == ("x", 0o644)


@pytest.mark.parametrize("path", ["a\0b", "a/\ud800/x", "\ud800"])
def test_text_that_is_not_a_path_is_an_invalid_option(path):
    with pytest.raises(InvalidOption, match="is not a path: it contains U"):
        RejectedRowsFile(path)
    assert [problem for problem in problems_of_path(path) if "is not a path" in problem]


def test_file_that_can_be_written_has_no_problem(tmp_path):
    assert list(problems_of_path(str(tmp_path / "x"))) == list(problems_of_path(None)) == []
    assert list(problems_of_path(str(tmp_path / "no" / "x"))) == [
        "The option rejected_rows_file: its folder does not exist or is not writable."
    ]
