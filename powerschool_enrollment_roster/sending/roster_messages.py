"""The rows as messages of the destination, with a state after every 50 rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from destination_powerschool_enrollment.protocol import InputMessage, RowMessage, StateMessage
from powerschool_enrollment_roster.mapping.row_values import SentColumns
from powerschool_enrollment_roster.reading.roster import Roster, RosterRow
from powerschool_enrollment_roster.sending.destination_settings import STREAM

_ROWS_PER_STATE = 50
_NO_ROW = RosterRow(0, [])


@dataclass(frozen=True)
class RosterRowMessage(RowMessage):
    """A row that is sent. `row` is the row of the roster that its fields come from."""

    row: RosterRow = field(default=_NO_ROW, repr=False)


def messages_of(roster: Roster, sent: SentColumns) -> Iterator[InputMessage]:
    """Yield the rows and states. A state is returned once every row before it has an outcome."""
    stream = (None, STREAM)
    for number, row in enumerate(roster.rows(), start=1):
        size = sum(map(len, row.cells))
        yield RosterRowMessage(stream, dict(sent.fields_of(row)), size, row)
        if number % _ROWS_PER_STATE == 0 or number == roster.row_count:
            state = {"stream_descriptor": {"name": STREAM}, "stream_state": {"row": number, "line": row.line}}
            yield StateMessage({"type": "STREAM", "stream": state}, stream)


def settled_row_and_line(message: dict[str, dict[str, dict[str, dict[str, int]]]]) -> tuple[int, int]:
    """Return the row and the line, both from 1, up to which a returned state confirms all rows."""
    state = message["state"]["stream"]["stream_state"]
    return state["row"], state["line"]
