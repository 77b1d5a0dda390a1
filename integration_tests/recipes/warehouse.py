"""The interface of the warehouse that a season is synced to, and a DuckDB file that has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

Rows = list[tuple[Any, ...]]


class Warehouse(Protocol):
    """A warehouse that PyAirbyte writes to, and dbt reads from."""

    @property
    def folder(self) -> Path:
        """A folder for the files of a sync."""

    def cache(self, schema: str) -> tuple[str, dict[str, Any]]:
        """Return the name and the arguments of PyAirbyte's cache."""

    def profile(self, schema: str) -> dict[str, Any]:
        """Return the output of a dbt profile."""

    def rows(self, sql: str, schema: str) -> Rows:
        """Run a query in this schema."""


@dataclass(frozen=True)
class DuckDBFile:
    """A DuckDB file in a folder."""

    folder: Path

    @property
    def file(self) -> str:
        return str(self.folder / "powerschool_enrollment.duckdb")

    def cache(self, schema: str) -> tuple[str, dict[str, Any]]:
        return "DuckDBCache", {"db_path": self.file, "schema_name": schema}

    def profile(self, schema: str) -> dict[str, Any]:
        return {"type": "duckdb", "path": self.file, "schema": schema, "threads": 2}

    def rows(self, sql: str, schema: str) -> Rows:
        with duckdb.connect(self.file, read_only=True) as connection:
            connection.execute(f"set schema = '{schema}'")
            return connection.execute(sql).fetchall()
