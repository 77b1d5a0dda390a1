"""A PostgreSQL database as the warehouse of the dbt checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.postgres.server import Server
from integration_tests.recipes.warehouse import Rows


@dataclass(frozen=True)
class PostgresDatabase:
    """A database of a running server."""

    folder: Path
    server: Server
    name: str

    def cache(self, schema: str) -> tuple[str, dict[str, Any]]:
        return "ExactPostgresCache", {**self.server.address, "database": self.name, "schema_name": schema}

    def profile(self, schema: str) -> dict[str, Any]:
        address = self.server.address
        user, password = address.pop("username"), address.pop("password")
        return {
            "type": "postgres",
            "dbname": self.name,
            "schema": schema,
            "user": user,
            "password": password,
            "threads": 2,
            **address,
        }

    def rows(self, sql: str, schema: str) -> Rows:
        return [tuple(row.values()) for row in self.server.rows(self.name, f"set search_path = {schema}; {sql}")]
