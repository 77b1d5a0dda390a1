"""Reads Airbyte's protocol from the input: lines become rows and states; other message types are ignored.

States are raw JSON, not the CDK's classes: those drop a field that the platform adds (`id`), and the sync would fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from destination_powerschool_enrollment.catalog import StreamId, stream_id
from powerschool_enrollment_airbyte.exact_json import loads_exactly
from powerschool_enrollment_api import EnrollmentError

_CHUNK = 1 << 16
# Bytes. The largest states of large syncs take a few MB. Without a limit, an input without line ends fills the memory.
_LONGEST_LINE = 64 << 20


class MalformedInput(EnrollmentError):
    """A line of the input is not an Airbyte message. The line may contain a row, so no message quotes it."""

    guidance = (
        "The line was not written, and no state after it was confirmed. A row has the form "
        '{"type": "RECORD", "record": {"stream": …, "data": {…}, "emitted_at": 0}}. If an Airbyte source sent the '
        "line, please report this with its name."
    )


@dataclass(frozen=True)
class RowMessage:
    """One row of a stream. `size` is the length of its line in bytes."""

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


def read_lines(stream: BinaryIO, longest: int = _LONGEST_LINE) -> Iterator[bytes]:
    """Yield the lines of `stream`. Raises MalformedInput for a line of more than `longest` bytes.

    Each line is yielded as soon as it is received, because a source may pause for a long time. The function reads the
    raw stream: if a thread waits in Python's buffered reader when the process exits, the interpreter aborts.
    """
    raw = getattr(stream, "raw", stream)
    unfinished: list[bytes] = []
    size, number = 0, 1
    while chunk := raw.read(_CHUNK):
        *line_ends, rest = chunk.split(b"\n")
        for line_end in line_ends:
            yield b"".join([*unfinished, line_end])
            unfinished.clear()
        size, number = len(rest) + (0 if line_ends else size), number + len(line_ends)
        if size > longest:
            raise MalformedInput(f"Line {number} of the input is longer than {longest >> 20} MB.")
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
    """Return the message that confirms `state`: the state as received, and the number of rows that it covers."""
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
            return StateMessage(_state(line, number), _stream_of(message["state"]), len(line))
    if isinstance(kind, str) and kind not in {"RECORD", "STATE"} and not _has_content(message):
        return None
    problem = "is in UTF-16, not in UTF-8" if b"\0" in line[:4] else "is not an Airbyte message"
    raise MalformedInput(f"Line {number} of the input {problem}.")


def _has_content(message: Mapping[str, Any]) -> bool:
    """Return whether a message has a row or a state. If its type is unknown, ignoring the message would lose them."""
    return any(message.get(key) is not None for key in ("record", "state"))


def _state(line: bytes, number: int) -> dict[str, Any]:
    """Return the state with the digits of its numbers unchanged. Raises MalformedInput for NaN, which is not JSON."""
    try:
        state: dict[str, Any] = loads_exactly(line)["state"]
    except ValueError:
        raise MalformedInput(f"Line {number} of the input is a state with NaN or Infinity, which JSON lacks.") from None
    return state


def _stream_of(state: dict[str, Any]) -> StreamId | None:
    descriptor = (state.get("stream") or {}).get("stream_descriptor") if state.get("type") == "STREAM" else None
    return stream_id(descriptor.get("namespace"), descriptor["name"]) if isinstance(descriptor, dict) else None


def _json(line: bytes) -> Any:
    """Return the parsed line, with all digits of its numbers; None if it is not JSON."""
    with suppress(ValueError, RecursionError):
        # Python would also read single lines of an input in UTF-16, and the rows in them would be written.
        text = line.decode("utf-8-sig", "surrogatepass")
        return json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=Decimal)
    return None


def _integer(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return Decimal(digits)
