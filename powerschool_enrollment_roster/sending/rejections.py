"""Receives rejected rows from the destination: keeps each row in the file, and reports each reason once."""

from __future__ import annotations

from dataclasses import dataclass, field

from destination_powerschool_enrollment.protocol import RowMessage
from destination_powerschool_enrollment.send_row import Outcome
from powerschool_enrollment_roster.reading.line_numbers import LineNumbers
from powerschool_enrollment_roster.reading.roster import Roster
from powerschool_enrollment_roster.screen import Screen
from powerschool_enrollment_roster.sending.rejected_csv import RejectedCsv
from powerschool_enrollment_roster.sending.roster_messages import RosterRowMessage

_MOST_REASONS = 100
_OTHER = "other reasons"


@dataclass
class _Reason:
    text: str
    lines: LineNumbers = field(default_factory=LineNumbers)


class Rejections:
    """The destination's sink for rejected rows. The destination calls it from one thread at a time."""

    def __init__(self, roster: Roster, file: RejectedCsv, screen: Screen) -> None:
        self._roster = roster
        self._file = file
        self._screen = screen
        # The text of one reason may differ from row to row, so reasons are counted by template.
        self._reasons: dict[str, _Reason] = {}

    def add(self, message: RowMessage, outcome: Outcome) -> None:
        """Store one row. Raises ImportRefused if the file cannot be written."""
        if not isinstance(message, RosterRowMessage):
            raise TypeError("the row is not one of the roster")
        self._file.add(message.row, outcome.reason)
        key = outcome.template if outcome.template in self._reasons or len(self._reasons) < _MOST_REASONS else _OTHER
        if key not in self._reasons:
            self._reasons[key] = _Reason(outcome.public_reason if key != _OTHER else _OTHER)
            place = f"{self._roster.name}, {self._roster.unit} {message.row.line}"
            self._screen.warn(f"{place}: rejected: {self._reasons[key].text}")
        self._reasons[key].lines.add(message.row.line)

    def summary(self) -> list[str]:
        """Return each reason of several rows with its lines, the most frequent one first."""
        several = (reason for reason in self._reasons.values() if reason.lines.count > 1)
        ordered = sorted(several, key=lambda reason: -reason.lines.count)
        return [
            f"{reason.lines.count:,} rejected: {reason.text} ({self._roster.places(reason.lines)})"
            for reason in ordered
        ]
