"""Reads Airbyte's protocol from the input: lines become rows and states; other message types are ignored.

States stay as they came. The CDK's own classes would lose what the platform adds to them (`id`), and fail the sync.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from destination_powerschool_enrollment.catalog import StreamId, stream_id
from powerschool_enrollment_api import EnrollmentError

_CHUNK = 1 << 16


class MalformedInput(EnrollmentError):
    """A line of the input is not an Airbyte message. The line itself may hold a row and is never shown."""

    guidance = (
        "The line was not written, and no state after it was confirmed. A row has the form "
        '{"type": "RECORD", "record": {"stream": …, "data": {…}, "emitted_at": 0}}. If a source of Airbyte\'s sent the '
        "line, please report this with its name."
    )


@dataclass(frozen=True)
class RowMessage:
    """One row of a stream. `size` is its length in bytes as it came."""

    stream: StreamId
    data: dict[str, Any] = field(repr=False)
    size: int = 0


@dataclass(frozen=True)
class StateMessage:
    """One raw state of the source. `stream` is None for a state of all streams."""

    state: dict[str, Any]
    stream: StreamId | None = None
    size: int = 0


InputMessage = RowMessage | StateMessage


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of `stream`.

    Reads below Python's own buffer, because a thread that waits inside it when the program ends takes the program
    down with it; and as soon as there is something, because a source may pause for long.
    """
    raw = getattr(stream, "raw", stream)
    unfinished: list[bytes] = []
    while chunk := raw.read(_CHUNK):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield b"".join([*unfinished, end])
            unfinished.clear()
        unfinished.append(rest)
    yield b"".join(unfinished)


def read_messages(lines: Iterable[bytes]) -> Iterator[InputMessage]:
    """Yield rows and states in order. Raises MalformedInput with the line's number."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            message = _parse(line, number)
            if message is not None:
                yield message


def with_stats(state: dict[str, Any], accepted: int, rejected: int) -> dict[str, Any]:
    """Return the message that confirms `state`: all that was received, and the number of rows that it covers."""
    stats = {"recordCount": float(accepted), "rejectedRecordCount": float(rejected)}
    return {"type": "STATE", "state": {**state, "destinationStats": stats}}


def _parse(line: bytes, number: int) -> InputMessage | None:
    message = _json(line)
    kind = message.get("type") if isinstance(message, dict) else None
    with suppress(KeyError, TypeError, AttributeError):
        if kind == "RECORD" and isinstance(message["record"]["data"], dict):
            record = message["record"]
            return RowMessage(stream_id(record.get("namespace"), record["stream"]), record["data"], len(line))
        if kind == "STATE" and isinstance(message["state"], dict):
            state = _json(line, exact=False)["state"]
            return StateMessage(state, _stream_of(state), len(line))
    if isinstance(kind, str) and kind not in {"RECORD", "STATE"}:
        return None
    raise MalformedInput(f"Line {number} of the input is not an Airbyte message.")


def _stream_of(state: dict[str, Any]) -> StreamId | None:
    descriptor = (state.get("stream") or {}).get("stream_descriptor") if state.get("type") == "STREAM" else None
    return stream_id(descriptor.get("namespace"), descriptor["name"]) if isinstance(descriptor, dict) else None


def _json(line: bytes, *, exact: bool = True) -> Any:
    """Parse a line, with every digit of its numbers if `exact`; None if it is not JSON."""
    try:
        if exact:
            return json.loads(line, parse_float=Decimal, parse_int=_integer)
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return Decimal(digits)
