"""Dagster assets, one per stream, without an Airbyte server. Copy it, and connector.py."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")  # before the import: no look-ups in Airbyte's registry, no telemetry

import airbyte as ab
import dagster as dg
from airbyte.caches import DuckDBCache
from connector import SOURCE, discover, options_from_environment
from dagster_airbyte import AirbyteConnectionTableProps, DagsterAirbyteTranslator

STREAMS = ["batches", "checklist_entries", "roster_records"]
WAREHOUSE = Path(os.environ.get("WAREHOUSE", "powerschool_enrollment.duckdb"))
SCHEMA = "enrollment"  # not the name of the file: DuckDB could not distinguish the two


def asset_specs() -> list[dg.AssetSpec]:
    """Return what dagster-airbyte makes of the streams on an Airbyte server: the same keys, columns and kinds."""
    return [
        DagsterAirbyteTranslator()
        .get_asset_spec(
            AirbyteConnectionTableProps(
                table_name=stream["name"],
                stream_prefix=None,
                stream_name=stream["name"],
                json_schema=stream["json_schema"],
                connection_id="powerschool-enrollment",
                connection_name="PowerSchool Enrollment",
                destination_type="duckdb",
                database=WAREHOUSE.stem,
                schema=SCHEMA,
            )
        )
        .replace_attributes(skippable=True)  # so that some assets can be materialized without the others
        for stream in discover({"api_key": "not needed"}, STREAMS)
    ]


@dg.multi_asset(specs=asset_specs(), can_subset=True)
def powerschool_enrollment(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Read the selected streams with PyAirbyte, which keeps the state beside the tables."""
    os.umask(0o077)  # these are children's records
    started = datetime.now(timezone.utc)
    streams = sorted(key.path[-1] for key in context.selected_asset_keys)
    cache = DuckDBCache(db_path=WAREHOUSE, schema_name=SCHEMA, cache_dir=WAREHOUSE.parent / "pyairbyte")
    with private_temporary_folder():
        source = ab.get_source(
            "source-powerschool-enrollment",
            config=options_from_environment(),
            local_executable=SOURCE,
            streams=streams,
        )
        source.read(cache)
    for stream in streams:
        received, rows = counts(cache, stream, started)
        context.log.info("stream|records received|rows in the table: %s|%s|%s", stream, received, rows)
        yield dg.MaterializeResult(asset_key=stream, metadata={"dagster/row_count": rows, "records_received": received})


@contextmanager
def private_temporary_folder() -> Iterator[None]:
    """Let PyAirbyte write the key, in world-readable files, to a folder that only this user can enter."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def counts(cache: DuckDBCache, stream: str, started: datetime) -> tuple[int, int]:
    """Return how many of a table's rows arrived since this time, and how many there are."""
    new = f"count(*) filter (where _airbyte_extracted_at >= '{started.isoformat()}')"
    (row,) = cache.run_sql_query(f"select {new} as received, count(*) as rows from {SCHEMA}.{stream}")  # noqa: S608
    return row["received"], row["rows"]


defs = dg.Definitions(assets=[powerschool_enrollment])
