"""Reports to the platform how many rows a stream will have, so that a long sync shows its progress."""

from __future__ import annotations

import threading
import time

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)
from airbyte_cdk.sources.message import MessageRepository


class RowEstimate:
    """Adds up the rows of all forms and emits the estimate once. Thread-safe."""

    def __init__(self, stream_name: str, message_repository: MessageRepository) -> None:
        self._stream_name = stream_name
        self._message_repository = message_repository
        self._lock = threading.Lock()
        self._rows = 0
        self._missing_forms = 0

    def expect(self, forms: int) -> None:
        """Note how many forms will be added."""
        self._missing_forms = forms

    def add(self, rows: int) -> None:
        """Add the expected rows of one form."""
        with self._lock:
            self._rows += rows
            self._missing_forms -= 1
            is_complete = not self._missing_forms
        if is_complete:
            self._message_repository.emit_message(self._message())

    def _message(self) -> AirbyteMessage:
        estimate = AirbyteEstimateTraceMessage(
            name=self._stream_name, type=EstimateType.STREAM, row_estimate=self._rows
        )
        trace = AirbyteTraceMessage(type=TraceType.ESTIMATE, emitted_at=time.time() * 1000, estimate=estimate)
        return AirbyteMessage(type=Type.TRACE, trace=trace)
