"""Syncs into a DuckDB file on a Python without PyAirbyte: creates the same tables from the connector's messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import duckdb

from integration_tests.connector import run_source

TYPES = {"integer": "BIGINT", "object": "JSON", "array": "JSON"}
FORMATS = {"date": "DATE", "date-time": "TIMESTAMP"}
ADDED = {"_airbyte_raw_id": "VARCHAR", "_airbyte_extracted_at": "TIMESTAMP", "_airbyte_meta": "JSON"}


def sync_without_pyairbyte(syncs: Sequence[Mapping[str, Any]]) -> None:
    """Run the syncs in order. Each one continues from the last states in its schema."""
    for each in syncs:
        schema = each["arguments"]["schema_name"]
        with duckdb.connect(each["arguments"]["db_path"]) as connection:
            connection.execute(f"create schema if not exists {schema}; use {schema}")
            connection.execute("create table if not exists _state (stream varchar primary key, state json)")
            _read(connection, each)


def _read(connection: duckdb.DuckDBPyConnection, each: Mapping[str, Any]) -> None:
    known = connection.execute("select state from _state").fetchall()
    streams = run_source("discover", config=each["config"]).catalog
    chosen = {name: stream for name, stream in streams.items() if name in each["streams"]}
    outcome = run_source(
        "read", config=each["config"], catalog=_catalog(chosen), state=[json.loads(state) for (state,) in known]
    )
    assert outcome.exit_code == 0, outcome.stdout
    for name, stream in chosen.items():
        _append(connection, name, stream["json_schema"]["properties"], outcome.records(name))
    for state in outcome.states:
        name = state["stream"]["stream_descriptor"]["name"]
        connection.execute("insert or replace into _state values (?, ?)", [name, json.dumps(state)])


def _catalog(streams: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": stream["supported_sync_modes"][-1],  # incremental where there is a choice
                "destination_sync_mode": "append",
            }
            for stream in streams.values()
        ]
    }


def _append(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    fields: Mapping[str, Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
) -> None:
    columns = {field.lower(): _type(definition) for field, definition in fields.items()} | ADDED
    declared = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    connection.execute(f"create table if not exists {name} ({declared})")
    extracted_at = datetime.now(timezone.utc).replace(tzinfo=None)
    rows = [[*(_value(record.get(field)) for field in fields), str(uuid4()), extracted_at, "{}"] for record in records]
    if rows:
        connection.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)


def _type(definition: Mapping[str, Any]) -> str:
    kinds = definition["type"] if isinstance(definition["type"], list) else [definition["type"]]
    (kind,) = [kind for kind in kinds if kind != "null"]
    return FORMATS.get(definition.get("format", ""), TYPES.get(kind, "VARCHAR"))


def _value(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict | list) else value
