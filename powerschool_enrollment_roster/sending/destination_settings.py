"""What the destination needs to write the roster: its configuration, and the stream of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destination_powerschool_enrollment.catalog import ConfiguredStream
from destination_powerschool_enrollment.config import Config, parse_config
from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.mapping.import_targets import ImportTarget
from powerschool_enrollment_roster.mapping.row_values import SentColumns

STREAM = "roster"
NUM_WORKERS = 8
# The command reports each rejected row. It stops only if the first rows are all rejected.
_REJECTED_ROWS = {"policy": "skip", "max_rejected_percent": 100}


def write_config(
    connection: Mapping[str, Any],
    target: ImportTarget,
    sent: SentColumns,
    *,
    skip_unchanged: bool = False,
    clear_empty: bool = False,
) -> Config:
    """Return the destination's configuration.

    Raises ImportRefused if `skip_unchanged` is set, but no column identifies a student.
    """
    identity = sent.identity
    if skip_unchanged and identity is None:
        raise ImportRefused(
            "--skip-unchanged: no column goes to a field that identifies a student, such as ExternalID."
        )
    entry = {"stream": STREAM, "target": target.target.model_dump()}
    return parse_config(
        {
            **connection,
            "imports": [{**entry, **({"key_field": identity.field} if identity else {})}],
            "on_rejected_row": _REJECTED_ROWS,
            "null_values": "empty" if clear_empty else "omit",
            "num_workers": NUM_WORKERS,
            "skip_unchanged": skip_unchanged,
        }
    )


def write_stream(sent: SentColumns) -> ConfiguredStream:
    """Return the stream of the rows. Its columns are the fields."""
    date = {"type": ["null", "string"], "format": "date"}
    columns = {column.field: date if column.is_date else {"type": ["null", "string"]} for column in sent.columns}
    return ConfiguredStream(STREAM, columns=columns)
