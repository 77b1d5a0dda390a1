"""A DuckDB file and the databases of a PostgreSQL server, which one source is synced to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb

from integration_tests.connector import configured_catalog, discovered_streams, run_source
from integration_tests.postgres.server import Server
from integration_tests.warm_process import run_warm

DIFFERENT_IN_EACH_SYNC = {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "synced_at"}
Row = dict[str, Any]
Cache = tuple[str, dict[str, Any]]


class Warehouses:
    """Syncs into the databases, and returns their rows with parsed JSON and times in UTC without a zone."""

    def __init__(self, server: Server, config: Mapping[str, Any], streams: Sequence[str], folder: Path) -> None:
        self.server = server
        self.config = config
        self.streams = streams
        self.folder = folder
        self.file = folder / "warehouse.duckdb"

    def duckdb(self) -> Cache:
        return "DuckDBCache", {"db_path": str(self.file)}

    def postgres(self, database: str, schema: str, cache: str = "ExactPostgresCache") -> Cache:
        return cache, {**self.server.address, "database": database, "schema_name": schema}

    def sync(self, *caches: Cache, **settings: Any) -> CompletedProcess[str]:
        """Sync the streams into each of the caches."""
        shared = {"config": self.config, "streams": self.streams, **settings}
        syncs = [{"cache": cache, "arguments": arguments, **shared} for cache, arguments in caches]
        return run_warm(Path(__file__).with_name("sync.py"), json.dumps(syncs), folder=self.folder)

    def rows(self, database: str, stream: str, schema: str = "exact") -> list[Row]:
        return self.server.rows(database, f"select * from {schema}.{stream} order by id")

    def rows_in_duckdb(self, stream: str) -> list[Row]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            cursor = connection.execute(f"select * from {stream}")
            columns = [(name, str(kind)) for name, kind, *_ in cursor.description]
            return [_parsed(columns, row) for row in cursor.fetchall()]

    def rows_in_source(self) -> dict[str, list[Row]]:
        """Return what the source sends, by stream."""
        catalog = configured_catalog(discovered_streams(), self.streams)
        outcome = run_source("read", config=self.config, catalog=catalog)
        return {stream: [_row(stream, record) for record in outcome.records(stream)] for stream in self.streams}


def comparable(rows: Sequence[Row]) -> list[Row]:
    """Return the rows in a fixed order, without the columns that differ in each sync."""
    kept = [{name: value for name, value in row.items() if name not in DIFFERENT_IN_EACH_SYNC} for row in rows]
    return sorted(kept, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def _parsed(columns: Sequence[tuple[str, str]], row: Sequence[Any]) -> Row:
    return {
        name: json.loads(value) if kind == "JSON" and value is not None else value
        for (name, kind), value in zip(columns, row, strict=True)
    }


def _row(stream: str, record: Mapping[str, Any]) -> Row:
    fields = discovered_streams()[stream]["json_schema"]["properties"]
    return {field.lower(): _typed(definition, record.get(field)) for field, definition in fields.items()}


def _typed(definition: Mapping[str, Any], value: Any) -> Any:
    kind = definition.get("format") if value is not None else None
    if kind == "date-time":
        return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)
    return date.fromisoformat(value) if kind == "date" else value
