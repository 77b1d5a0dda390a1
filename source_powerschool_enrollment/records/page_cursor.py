"""Keeps a record stream's state: which pages were emitted, and when to emit the state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record
from typing_extensions import override

from source_powerschool_enrollment.records.page_digests import PageDigests

_SECONDS_BETWEEN_STATES = 3.0
# A state holds all pages, so it is emitted again only after 5 % of them are new: all states of a sync
# together are then at most some twenty times as long as the last one, however long the sync takes.
_NEW_PART = 20


class PageCursor(Cursor):
    """The state of an incremental read. Called by all workers, and at the end by the main thread."""

    def __init__(
        self,
        stream_name: str,
        digests: PageDigests,
        state_manager: ConnectorStateManager,
        message_repository: MessageRepository,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream_name = stream_name
        self._digests = digests
        self._state_manager = state_manager
        self._message_repository = message_repository
        self._clock = clock
        self._lock = threading.Lock()
        self._last_said = clock()
        self._new_pages = 0

    @property
    def state(self) -> MutableMapping[str, Any]:
        """Return the state as it would be written now."""
        return self._digests.as_state()

    def observe(self, record: Record) -> None:
        """Do nothing: pages count, not records."""

    def close_partition(self, partition: Partition) -> None:
        """Do nothing: a page closes itself."""

    def after_page(self, form_ended: bool) -> Iterator[AirbyteMessage]:
        """Yield the state if it is time for it. State is emitted only after everything before it is settled.

        Every digest in it was remembered after its records were put on the queue, where a page's partition puts the
        state as well. Under the lock until it is there, so that an older state never follows a newer one. It is not
        given to the message repository, which may hand it to another thread, and that one can overtake the records.
        """
        with self._lock:
            self._new_pages += 1
            if self._is_due(form_ended=form_ended):
                yield self._message()

    def ensure_at_least_one_state_emitted(self) -> None:
        """Emit the state at the stream's end, in the main thread, after the stream's last worker has ended."""
        with self._lock:
            self._message_repository.emit_message(self._message())

    @override
    def should_be_synced(self, record: Record) -> bool:
        """Return True: what need not be sent is not made a record at all."""
        return True

    def _is_due(self, *, form_ended: bool) -> bool:
        enough = self._new_pages * _NEW_PART >= self._digests.page_count()
        return enough and (form_ended or self._clock() - self._last_said >= _SECONDS_BETWEEN_STATES)

    def _message(self) -> AirbyteMessage:
        self._state_manager.update_state_for_stream(self._stream_name, None, self.state)
        self._last_said, self._new_pages = self._clock(), 0
        return self._state_manager.create_state_message(self._stream_name, None)
