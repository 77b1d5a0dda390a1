import io
import json
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_powerschool_enrollment.catalog import parse_catalog
from destination_powerschool_enrollment.protocol import (
    MalformedInput,
    RowMessage,
    StateMessage,
    read_lines,
    read_messages,
    with_stats,
)


def messages(*lines):
    return list(read_messages(line.encode() if isinstance(line, str) else line for line in lines))


@given(st.lists(st.binary(max_size=10).filter(lambda line: b"\n" not in line), max_size=20), st.booleans())
def test_lines_are_complete_for_any_chunk_size(lines, ends_with_newline):
    content = b"\n".join(lines) + (b"\n" if ends_with_newline and lines else b"")
    assert b"\n".join(read_lines(io.BytesIO(content))) == content


class Endless(io.RawIOBase):
    """Two short lines, and one that does not end."""

    def __init__(self):
        self.taken = 0

    def read(self, size):
        self.taken += size
        return (b"a\nb\n" if self.taken == size else b"") + b"x" * size


def test_line_without_end_is_refused_at_the_limit():
    endless = Endless()
    lines = read_lines(endless, longest=1 << 20)
    assert [next(lines), next(lines)] == [b"a", b"b"]
    with pytest.raises(MalformedInput, match=r"^Line 3 of the input is longer than 1 MB\. The line was not written"):
        next(lines)
    assert endless.taken < (1 << 20) + (1 << 18)


def test_lines_up_to_the_limit_are_read():
    lines = [b"x" * 200_000] * 3
    assert list(read_lines(io.BytesIO(b"\n".join(lines)), longest=200_000)) == lines


def test_line_is_yielded_before_the_next_input():
    read_end, write_end = os.pipe()
    os.write(write_end, b"first\nsec")
    with os.fdopen(read_end, "rb") as stream:
        lines = read_lines(stream)
        assert next(lines) == b"first"
        threading.Timer(0.01, lambda: (os.write(write_end, b"ond"), os.close(write_end))).start()
        assert list(lines) == [b"second"]


def test_only_rows_and_states_are_read_in_order():
    row = {"type": "RECORD", "record": {"stream": "a", "namespace": "n", "data": {"x": 1}}}
    state = {"type": "STATE", "state": {"id": 1}}
    others = [{"type": "LOG"}, {"type": "SOMETHING_NEW"}]
    found = messages(*(json.dumps(message) for message in [row, others[0], state, others[1]]), "", "  ")
    assert [type(message) for message in found] == [RowMessage, StateMessage]
    assert found[0].stream == ("n", "a")


@pytest.mark.parametrize("kind", ["record", "Record", "RECORD_V2", "LOG"])
def test_row_or_state_in_a_message_of_another_type_is_malformed(kind):
    for content in ({"record": {"stream": "a", "data": {"x": "Ada"}}}, {"state": {"type": "LEGACY", "data": {}}}):
        with pytest.raises(MalformedInput, match=r"^Line 1 of the input is not an Airbyte message\.") as caught:
            messages(json.dumps({"type": kind, **content}))
        assert "Ada" not in str(caught.value)


def test_message_of_another_type_may_have_null_for_a_row_and_a_state():
    assert messages(json.dumps({"type": "LOG", "log": {"level": "INFO"}, "record": None, "state": None})) == []


@pytest.mark.parametrize("namespace", ["", None])
def test_empty_namespace_counts_as_missing_in_rows_states_and_catalog(namespace):
    named = {"name": "a", "namespace": namespace}
    row = {"type": "RECORD", "record": {"stream": "a", "namespace": namespace, "data": {}}}
    state = {"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": named}}}
    (configured,) = parse_catalog({"streams": [{"stream": named}]})
    assert [message.stream for message in messages(json.dumps(row), json.dumps(state))] == [configured.id] * 2
    assert configured.id == (None, "a")


@pytest.mark.parametrize("state", [{"type": "GLOBAL", "global": {}}, {"data": {}}, {"type": "STREAM", "stream": None}])
def test_state_without_a_stream_covers_all_streams(state):
    (message,) = messages(json.dumps({"type": "STATE", "state": state}))
    assert (message.stream, message.state) == (None, state)


@pytest.mark.parametrize("odd", [["Ada"], {"Ada": 1}, 7])
def test_name_or_namespace_that_is_not_text_is_malformed_and_not_quoted(odd):
    for named in ({"stream": "a", "namespace": odd}, {"stream": odd}):
        descriptor = {"namespace": named.get("namespace"), "name": named["stream"]}
        for message in (
            {"type": "RECORD", "record": {**named, "data": {}}},
            {"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": descriptor}}},
        ):
            with pytest.raises(MalformedInput, match=r"^Line 1 of the input is not an Airbyte message\.") as caught:
                messages(json.dumps(message))
            assert "Ada" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "1", "null", "{}", '{"type": 1}', '{"type": "RECORD"}', '{"type": "STATE", "state": null}', b"\xff"],
)
def test_malformed_line_is_named_by_its_number_only(line):
    with pytest.raises(MalformedInput, match=r"^Line 2 of the input is not an Airbyte message\. "):
        messages('{"type": "LOG"}', line)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_input_in_utf_16_is_refused_at_its_first_line(encoding):
    row = {"type": "RECORD", "record": {"stream": "a", "data": {"x": "Ada"}}}
    content = f"{json.dumps(row)}\r\n{json.dumps(row)}\r\n".encode(encoding)
    with pytest.raises(MalformedInput, match=r"^Line 1 of the input is in UTF-16, not in UTF-8\."):
        next(read_messages(read_lines(io.BytesIO(content))))


def test_byte_order_mark_of_utf_8_is_removed():
    row = {"type": "RECORD", "record": {"stream": "a", "data": {"x": "é"}}}
    (message,) = messages(json.dumps(row, ensure_ascii=False).encode("utf-8-sig"))
    assert message.data == {"x": "é"}


def test_deep_nesting_is_malformed():
    with pytest.raises(MalformedInput):
        messages("[" * 100_000)


def test_representation_of_a_row_message_has_no_values():
    (row,) = messages('{"type": "RECORD", "record": {"stream": "a", "data": {"x": "secret"}}}')
    assert "secret" not in repr(row)


def test_numbers_keep_every_digit():
    line = '{"type": "RECORD", "record": {"stream": "a", "data": {"i": %s, "f": 0.10000000000000000001}}}' % (
        "9" * 5000
    )
    (row,) = messages(line)
    assert str(row.data["f"]) == "0.10000000000000000001"
    assert row.data["i"].adjusted() == 4999


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values))
def test_confirmed_state_is_unchanged(state):
    (message,) = messages(json.dumps({"type": "STATE", "state": state}))
    confirmed = json.loads(json.dumps(with_stats(message.state, 1, 2)))["state"]
    assert confirmed.pop("destinationStats") == {"recordCount": 1.0, "rejectedRecordCount": 2.0}
    state.pop("destinationStats", None)
    assert confirmed == state
