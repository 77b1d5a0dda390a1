"""Messages of a command that fails: an expected failure once, in one sentence; any other with all details."""

import json
import logging

import pytest
from airbyte_cdk.models import FailureType, StreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import KeyRefused
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from source_powerschool_enrollment.run import (
    drop_expected_traceback,
    parse_arguments,
    report_failures_once,
    run_command,
)


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


EXPECTED = raised(as_traced_exception(KeyRefused("the API key was refused.")))
UNEXPECTED = AirbyteTracedException.from_exception(raised(ZeroDivisionError("division by zero")), message="A mistake.")


def failing(*failures):
    """Yield the CDK's messages of failed streams, and raise its final exception."""
    for stream, error in failures:
        yield error.as_airbyte_message(StreamDescriptor(name=stream))
    raise AirbyteTracedException("Concurrent read failure", "a: refused; b: refused", FailureType.config_error)


def reported(*failures):
    messages = []
    with pytest.raises(AirbyteTracedException) as caught:
        messages.extend(message.trace.error for message in report_failures_once(failing(*failures)))
    return messages, caught.value


def test_expected_failure_is_reported_once():
    (error,), _ = reported(("batches", EXPECTED))
    assert error.message == str(KeyRefused("the API key was refused."))
    assert error.failure_type is FailureType.config_error
    assert (error.internal_message, error.stack_trace) == (None, None)


def test_unexpected_failure_keeps_its_stack_trace():
    (error,), _ = reported(("batches", UNEXPECTED))
    assert error.internal_message == "division by zero"
    assert "ZeroDivisionError" in error.stack_trace


def test_last_trace_names_each_failed_stream_once():
    messages, last = reported(("batches", EXPECTED), ("checklists", UNEXPECTED), ("batches", EXPECTED))
    assert len(messages) == 3
    assert last.message == "Not read completely: batches, checklists. The error of each stream contains the reason."
    assert last.failure_type is FailureType.system_error
    assert last.__suppress_context__


def of_type(failure_type):
    return raised(AirbyteTracedException("a", "a", failure_type))


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["config_error"], "config_error"),
        (["config_error", "config_error"], "config_error"),
        (["transient_error"], "transient_error"),
        (["config_error", "transient_error"], "transient_error"),
        (["system_error", "transient_error", "config_error"], "transient_error"),
        (["config_error", "system_error"], "system_error"),
    ],
)
def test_last_trace_has_the_failure_type_of_the_streams(types, expected):
    _, last = reported(*((f"stream {n}", of_type(FailureType(name))) for n, name in enumerate(types)))
    assert last.failure_type is FailureType(expected)


def test_failure_of_the_whole_read_is_raised_unchanged():
    _, last = reported()
    assert last.message == "a: refused; b: refused"


@pytest.mark.parametrize(
    ("error", "keeps_traceback"), [(EXPECTED, False), (UNEXPECTED, True), (raised(KeyError("a")), True)]
)
def test_log_line_keeps_the_traceback_of_unexpected_failures_only(error, keeps_traceback):
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("airbyte", logging.ERROR, __file__, 1, "Exception while syncing", None, info)
    assert drop_expected_traceback(record)
    assert bool(record.exc_info) is keeps_traceback


def run(*command_line):
    lines = []
    exit_code = run_command(parse_arguments(list(map(str, command_line))), lines.append)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    return exit_code, [json.loads(line) for line in lines]


def test_each_message_is_written_with_one_call():
    exit_code, messages = run("spec")
    assert exit_code == 0
    assert [message["type"] for message in messages] == ["SPEC"]


def test_trace_of_an_expected_failure_is_the_last_message(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("[]")
    exit_code, (message,) = run("discover", "--config", path)
    assert exit_code == 1
    assert message["trace"]["error"]["failure_type"] == "config_error"
    assert "config.json, given with --config, holds a list" in message["trace"]["error"]["message"]


def test_unexpected_failure_is_raised(monkeypatch):
    def fail(*_):
        raise UNEXPECTED

    monkeypatch.setattr(SourcePowerschoolEnrollment, "spec", fail)
    with pytest.raises(AirbyteTracedException) as caught:
        run("spec")
    assert caught.value is UNEXPECTED


def test_missing_command_prints_the_usage_and_exits(capsys):
    with pytest.raises(SystemExit) as caught:
        parse_arguments([])
    assert caught.value.code == 2
    assert "discover" in capsys.readouterr().err
