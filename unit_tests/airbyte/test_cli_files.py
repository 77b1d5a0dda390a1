import codecs
import json
import os

import pytest

from powerschool_enrollment_airbyte.cli_files import files_read_once, read_object
from powerschool_enrollment_api import InvalidOption


@pytest.fixture
def problem_with(tmp_path):
    def problem_with(content):
        path = tmp_path / "config.json"
        path.write_bytes(content)
        with pytest.raises(InvalidOption) as caught:
            read_object(str(path), "--config")
        text = str(caught.value)
        beginning = f"The file {path}, given with --config, "
        assert text.startswith(beginning)
        return text.removeprefix(beginning)

    return problem_with


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_object_is_read_in_any_unicode_encoding(tmp_path, encoding):
    path = tmp_path / "config.json"
    path.write_text('{"a": "é"}', encoding)
    assert read_object(str(path), "--config") == {"a": "é"}


def test_missing_file_is_named_with_its_argument():
    with pytest.raises(InvalidOption) as caught:
        read_object("no/such.json", "--catalog")
    assert (
        str(caught.value) == "The file no/such.json, given with --catalog, cannot be read: No such file or directory."
    )


def test_folder_is_not_accepted_as_a_file(tmp_path):
    with pytest.raises(InvalidOption, match="cannot be read: Is a directory"):
        read_object(str(tmp_path), "--config")


def test_malformed_json_is_reported_by_line_and_column_and_never_quoted(problem_with):
    message = problem_with(b'{\n  "api_key": "a-key"\n  "base_url": "x"\n}')
    assert message == "is not valid JSON at line 3, column 3: Expecting ',' delimiter."


def test_lines_printed_by_a_connector_are_recognised(problem_with):
    assert problem_with(b'{"type": "LOG"}\n{"type": "CATALOG"}\n').startswith(
        "holds more than one JSON value. If these"
    )


def test_byte_of_another_encoding_is_reported_by_its_line(problem_with):
    message = problem_with('{\n"api_key": "clé"}'.encode("latin-1"))
    assert message == "is not UTF-8 (line 2): save it in the encoding UTF-8."


@pytest.mark.parametrize(("content", "kind"), [(b"[1]", "a list"), (b'"a-key"', "a single value")])
def test_json_that_is_not_an_object_is_reported_by_its_kind(problem_with, content, kind):
    message = problem_with(content)
    assert message == f"holds {kind}; a JSON object is expected, which begins with {{ and ends with }}."


@pytest.mark.parametrize("content", [b"[" * 100_000, b"1" * 5000])
def test_json_beyond_pythons_limits_is_an_invalid_option(problem_with, content):
    assert problem_with(content) == "is nested too deeply, or a number in it is too long, to be read."


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("blanks", [b"", b" \r\n"])
def test_file_without_content_is_reported_as_empty(problem_with, mark, blanks):
    assert problem_with(mark + blanks) == "is empty."


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("blanks", ["", "\r\n"])
def test_file_with_only_a_byte_order_mark_and_blanks_is_reported_as_empty(problem_with, encoding, blanks):
    assert problem_with(f"\ufeff{blanks}".encode(encoding)) == "is empty."


def test_pipe_is_read_once_and_each_reader_gets_a_separate_copy():
    reading, writing = os.pipe()
    os.write(writing, b'{"a": []}')
    os.close(writing)
    with files_read_once():
        first, second = (read_object(f"/dev/fd/{reading}", "--config") for _ in range(2))
    os.close(reading)
    assert first == second == {"a": []}
    assert first["a"] is not second["a"]


def test_file_is_read_again_in_another_context(tmp_path):
    path = tmp_path / "config.json"
    for content in ({"a": 1}, {"a": 2}):
        path.write_text(json.dumps(content))
        with files_read_once():
            assert read_object(str(path), "--config") == content
    path.write_text("{}")
    assert read_object(str(path), "--config") == {}
