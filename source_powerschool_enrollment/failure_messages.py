"""Reports each stream's failure once, and drops stack traces of expected errors.

The CDK repeats each reason nine times, with two stack traces per stream. A stack trace of a refused key does
not help: the reason names the request.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.airbyte_errors import in_one_sentence, says_all


def without_traceback(record: logging.LogRecord) -> bool:
    """Take the traceback of a foreseen failure off a log line: the failure's trace message follows."""
    if record.exc_info and says_all(record.exc_info[1]):
        record.exc_info = None
    return True


def each_reason_once(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """Forward the messages. The CDK's last trace, which repeats all reasons, becomes a list of the failed streams.

    Raises AirbyteTracedException with it.
    """
    failed: dict[str, None] = {}  # a set in order
    try:
        for message in messages:
            if message.trace and message.trace.error and message.trace.error.stream_descriptor:
                failed[message.trace.error.stream_descriptor.name] = None
            yield in_one_sentence(message)
    except AirbyteTracedException as last_word:
        if not failed:
            raise
        text = f"Not read completely: {', '.join(failed)}. The error of each stream contains the reason."
        raise AirbyteTracedException(text, text, last_word.failure_type) from None
