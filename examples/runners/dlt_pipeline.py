"""Loads streams into DuckDB with dlt, which keeps the connector's state with the data. Copy it, and connector.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dlt
from connector import discover, options_from_environment, read, sync_mode
from dlt.extract import DltResource

STREAMS = ["batches", "checklist_entries", "roster_records"]
TYPES = {"integer": "bigint", "object": "json", "array": "json"}
FORMATS = {"date": "date", "date-time": "timestamp"}


def main() -> None:
    """Load, then print one line per stream: stream|records received|rows in the table."""
    os.umask(0o077)  # these are children's records
    pipeline = dlt.pipeline("powerschool_enrollment", destination="duckdb", dataset_name="enrollment")
    if pipeline.has_pending_data:
        pipeline.run()  # load the rows that a failed run left; otherwise the next line would load only those
    pipeline.run(powerschool_enrollment(options_from_environment()))
    received = pipeline.last_trace.last_normalize_info.row_counts
    with pipeline.sql_client() as client:
        for name in STREAMS:
            ((rows,),) = client.execute_sql(f"select count(*) from {name}")  # noqa: S608 - a name from the list above
            print(f"{name}|{received.get(name, 0)}|{rows}")


@dlt.source
def powerschool_enrollment(config: dict[str, Any]) -> list[DltResource]:
    """Return one resource per stream."""
    return [resource(config, stream) for stream in discover(config, STREAMS)]


def resource(config: Mapping[str, Any], stream: Mapping[str, Any]) -> DltResource:
    """Return a stream as a resource. dlt stores the state and the rows together, or neither."""

    def records() -> Iterator[dict[str, Any]]:
        kept = dlt.current.resource_state()
        for message in read(config, stream, kept.get("airbyte_state")):
            if message["type"] == "RECORD":
                yield message["record"]["data"]
            elif message["type"] == "STATE":
                kept["airbyte_state"] = message["state"]

    return dlt.resource(
        records,
        name=stream["name"],
        primary_key=[part for (part,) in stream["source_defined_primary_key"]],
        write_disposition="merge" if sync_mode(stream) == "incremental" else "replace",
        columns=columns(stream),
    )


def columns(stream: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns' types from the stream's schema; dlt would guess them from the first values."""
    cursor = stream.get("default_cursor_field", [])
    return {
        name: {
            "data_type": data_type(schema),
            # A record that changes while it is read may arrive twice: keep the later one.
            **({"dedup_sort": "desc"} if [name] == cursor else {}),
        }
        for name, schema in stream["json_schema"]["properties"].items()
    }


def data_type(schema: Mapping[str, Any]) -> str:
    """Return dlt's name for the type in a JSON schema."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    (json_type,) = set(types) - {"null"}
    return FORMATS.get(schema.get("format", ""), TYPES.get(json_type, "text"))


if __name__ == "__main__":
    main()
