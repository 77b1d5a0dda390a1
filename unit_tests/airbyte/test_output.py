import io
import json
import logging
import sys

import pytest
from airbyte_cdk.logger import AirbyteLogFormatter

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_airbyte.output import print_on_stderr, use_utf8_output, without_surrogates
from powerschool_enrollment_api import InvalidOption


def ascii_streams(monkeypatch):
    """Replace standard output and error by streams in ASCII, and the log handlers by one on standard output.

    Not a fixture, because pytest sets the streams again before each test.
    """
    outputs = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", outputs[0])
    monkeypatch.setattr(sys, "stderr", outputs[1])
    monkeypatch.setattr(sys, "__stderr__", outputs[1])
    handler = logging.StreamHandler(outputs[0])
    handler.setFormatter(AirbyteLogFormatter("%(message)s"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    return outputs


def test_output_in_another_encoding_becomes_utf8(monkeypatch):
    streams = ascii_streams(monkeypatch)
    use_utf8_output()
    for stream in streams:
        print("naïve ☃ 王", file=stream, flush=True)
        assert stream.buffer.getvalue().decode("utf-8") == "naïve ☃ 王\n"


def test_half_of_a_surrogate_pair_is_escaped_in_output_logs_and_traces(monkeypatch):
    streams = ascii_streams(monkeypatch)
    use_utf8_output()
    logging.getLogger("airbyte").warning("column %s", "a\ud800")
    print(json.dumps({"a": "\ud800"}, ensure_ascii=False), flush=True)
    log, printed = map(json.loads, streams[0].buffer.getvalue().decode("utf-8").splitlines())
    assert log["log"]["message"] == "column a\\ud800"
    assert printed == {"a": "\ud800"}
    assert as_traced_exception(InvalidOption("a\ud800")).message == without_surrogates("a\ud800") == "a\\ud800"


def test_log_message_with_wrong_arguments_raises_nothing(monkeypatch):
    ascii_streams(monkeypatch)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    use_utf8_output()
    logging.getLogger("airbyte").warning("%d rows", "no number")


def test_closed_standard_output_is_reported(monkeypatch):
    streams = ascii_streams(monkeypatch)
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as ended:
        use_utf8_output()
    assert ended.value.code == 1
    assert streams[1].buffer.getvalue() == b"Standard output is closed. Open it: the messages are printed there.\n"


@pytest.mark.parametrize("encoding", ["ascii", "closed"])
def test_line_on_stderr_is_written_as_bytes_if_the_stream_fails(capfd, monkeypatch, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    if encoding == "closed":
        stream.close()
    monkeypatch.setattr(sys, "__stderr__", stream)
    print_on_stderr("Größe ☃ \ud800")
    assert capfd.readouterr().err == "Größe ☃ \\ud800\n"


def test_line_on_stderr_is_not_printed_on_stdout_if_stderr_is_closed(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "__stderr__", None)
    print_on_stderr("a line")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("text", "shown"), [("a\udcc3\udca9", "aé"), ("\udcff", "\\udcff"), ("é\ud800", "é\\ud800")])
def test_bytes_that_a_locale_could_not_decode_are_decoded_if_they_are_utf8(text, shown):
    assert without_surrogates(text) == shown
