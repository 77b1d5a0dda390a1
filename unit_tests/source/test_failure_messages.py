"""Messages of a failed sync: an expected failure once, in one sentence; any other with all details."""

import logging

import pytest
from airbyte_cdk.models import FailureType, StreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import KeyRefused
from source_powerschool_enrollment.failure_messages import each_reason_once, without_traceback


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


FORESEEN = raised(as_traced_exception(KeyRefused("the API key was refused.")))
UNFORESEEN = AirbyteTracedException.from_exception(raised(ZeroDivisionError("division by zero")), message="A mistake.")


def failing(*failures):
    """Yield the CDK's messages of failed streams, and raise its final exception."""
    for stream, error in failures:
        yield error.as_airbyte_message(StreamDescriptor(name=stream))
    raise AirbyteTracedException("Concurrent read failure", "a: refused; b: refused", FailureType.config_error)


def told(*failures):
    messages = []
    with pytest.raises(AirbyteTracedException) as caught:
        messages.extend(message.trace.error for message in each_reason_once(failing(*failures)))
    return messages, caught.value


def test_expected_failure_is_reported_once():
    (error,), _ = told(("batches", FORESEEN))
    assert error.message == str(KeyRefused("the API key was refused."))
    assert error.failure_type is FailureType.config_error
    assert (error.internal_message, error.stack_trace) == (None, None)


def test_unexpected_failure_keeps_its_stack_trace():
    (error,), _ = told(("batches", UNFORESEEN))
    assert error.internal_message == "division by zero"
    assert "ZeroDivisionError" in error.stack_trace


def test_last_trace_names_each_failed_stream_once():
    messages, last = told(("batches", FORESEEN), ("checklists", UNFORESEEN), ("batches", FORESEEN))
    assert len(messages) == 3
    assert last.message == "Not read completely: batches, checklists. The error of each stream contains the reason."
    assert last.failure_type is FailureType.config_error
    assert last.__suppress_context__


def test_a_failure_of_the_whole_read_is_raised_as_it_is():
    _, last = told()
    assert last.message == "a: refused; b: refused"


@pytest.mark.parametrize(("error", "keeps"), [(FORESEEN, False), (UNFORESEEN, True), (raised(KeyError("a")), True)])
def test_a_log_line_shows_where_a_mistake_was_made_but_not_where_a_key_was_refused(error, keeps):
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("airbyte", logging.ERROR, __file__, 1, "Exception while syncing", None, info)
    assert without_traceback(record)
    assert bool(record.exc_info) is keeps
