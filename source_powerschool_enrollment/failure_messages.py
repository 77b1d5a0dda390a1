"""What a failed sync says: each stream's reason once, without the way that it took through the code.

The CDK says each reason nine times, with two stack traces for every stream. Where a refused key passed through the
code helps nobody: the reason names the request.
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
    """Hand the messages on. The CDK's last word, which repeats all reasons, becomes a list of the streams that failed.

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
