"""Appends streams to SQLite with airbyte-serverless, without Docker. Copy it, and connector.py.

For another warehouse, replace `get_state` and `_write`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from airbyte_serverless.connections import Connection
from airbyte_serverless.destinations import DESTINATION_CLASS_MAP, BaseDestination
from airbyte_serverless.sources import AirbyteSourceException
from connector import SOURCE, options_from_environment

STREAMS = ["batches", "checklist_entries", "roster_records"]
COLUMNS = [name for name, _, _ in BaseDestination.destination_columns]


class SQLiteDestination(BaseDestination):
    """Appends raw records to one table per stream, and states to `_airbyte_states`."""

    def __init__(self, path: str, **options: Any) -> None:
        """Open or create the database."""
        super().__init__(**options)
        self.database = sqlite3.connect(path)
        self.received: Counter[str] = Counter()
        self._create("_airbyte_states")

    def get_state(self) -> list[dict[str, Any]]:
        """Return the last state of each stream, as the connector takes them."""
        states = self.database.execute(
            "select _airbyte_data, max(rowid) from _airbyte_states"
            " group by json_extract(_airbyte_data, '$.stream.stream_descriptor.name')"
        )
        return [json.loads(state) for state, _ in states]

    def load(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Store all messages. Raises AirbyteSourceException if a stream is not complete at the end."""
        super().load(self._checked(messages))

    def _checked(self, messages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        # airbyte-serverless ignores the connector's exit code, so a killed connector would look like success.
        complete = set()
        for message in messages:
            status = message.get("trace", {}).get("stream_status", {})
            if status.get("status") == "COMPLETE":
                complete.add(status["stream_descriptor"]["name"])
            yield message
        missing = ", ".join(sorted(set(STREAMS) - complete))
        if missing:
            raise AirbyteSourceException(f"The connector ended before these streams were complete: {missing}")

    def _write(self, record_type: str, records: Sequence[Mapping[str, Any]]) -> None:
        self._create(record_type)
        self.received[record_type.removeprefix("_airbyte_raw_")] += len(records)
        placeholders = ", ".join("?" for _ in COLUMNS)
        with self.database:  # one transaction
            self.database.executemany(
                f"insert into {record_type} values ({placeholders})",  # noqa: S608 - the name of a stream
                [[record[name] for name in COLUMNS] for record in records],
            )

    def _create(self, table: str) -> None:
        self.database.execute(f"create table if not exists {table} ({', '.join(COLUMNS)})")

    def rows(self, stream: str) -> int:
        """Return the number of rows in a stream's table."""
        self._create(f"_airbyte_raw_{stream}")
        (rows,) = self.database.execute(f"select count(*) from _airbyte_raw_{stream}").fetchone()  # noqa: S608
        return int(rows)


def main(path: str) -> None:
    """Sync, then print one line per stream: stream|records received|rows in the table."""
    os.umask(0o077)  # these are children's records
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    DESTINATION_CLASS_MAP["sqlite"] = SQLiteDestination
    connection = Connection(
        {
            "source": {"executable": str(SOURCE), "config": options_from_environment(), "streams": ",".join(STREAMS)},
            "destination": {"connector": "sqlite", "config": {"path": path}},
        }
    )
    destination = connection.destination  # each access creates a new one
    destination.load(connection.source.extract(state=destination.get_state()))
    for stream in STREAMS:
        print(f"{stream}|{destination.received[stream]}|{destination.rows(stream)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
