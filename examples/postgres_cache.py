"""Stores records in PostgreSQL with PyAirbyte, each value as the source sent it. Copy it into your pipeline.

PyAirbyte's own PostgresCache loads records with pandas, which guesses types from the values: the student id "007120"
becomes "7120", and "1e5" becomes "100000". Here PostgreSQL itself reads the JSON, with the types of the stream's
schema. Tables, columns and states are the same, so a schema that PostgresCache filled can be continued; run one sync
with `force_full_refresh=True` and `write_strategy="replace"` to repair the values that it already contains.
"""

import gzip
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from airbyte._processors.sql.postgres import PostgresSqlProcessor
from airbyte.caches import PostgresCache
from airbyte.exceptions import PyAirbyteError
from airbyte.shared.sql_processor import SqlProcessorBase
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

RECORDS_PER_STATEMENT = 500


class ExactPostgresProcessor(PostgresSqlProcessor):
    """Loads files of JSON lines without guessing types, with all times in UTC."""

    def _init_connection_settings(self, connection: Connection) -> None:
        """Store times in UTC during this transaction: a database or a user may have another time zone."""
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))

    def _write_files_to_new_table(self, files: list[Path], stream_name: str, batch_id: str) -> str:
        """Load the files into a new table, and return its name."""
        table_name = self._create_table_for_loading(stream_name, batch_id)
        reason = self._load(files, self._insert_of_json(table_name, self._get_sql_column_definitions(stream_name)))
        if reason:
            self._drop_temp_table(table_name)
            raise PyAirbyteError(
                message=f"PostgreSQL did not accept the records of {stream_name}: {reason}.",
                guidance="Nothing of this stream was stored. The log of the PostgreSQL server shows the value.",
            )
        return table_name

    def _load(self, files: list[Path], insert: str) -> str | None:
        """Insert the records of the files. If that fails, return the error's name: its message contains values."""
        try:
            with self.get_sql_connection() as connection:
                for records in json_lists(files):
                    connection.execute(text(insert), {"records": records})
        except SQLAlchemyError as error:
            return type(getattr(error, "orig", None) or error).__name__
        return None

    def _insert_of_json(self, table_name: str, columns: Mapping[str, Any]) -> str:
        names = ", ".join(self._quote_identifier(name) for name in columns)
        typed = ", ".join(f"{self._quote_identifier(name)} {type_in_json(columns[name])}" for name in columns)
        return (
            f"INSERT INTO {self._fully_qualified(table_name)} ({names}) "  # noqa: S608 - PyAirbyte's own names
            f"SELECT {names} FROM json_to_recordset(CAST(:records AS json)) AS record ({typed})"
        )


class ExactPostgresCache(PostgresCache):
    """PyAirbyte's PostgresCache, except that it stores each value as the source sent it."""

    _sql_processor_class: ClassVar[type[SqlProcessorBase]] = ExactPostgresProcessor


def json_lists(files: list[Path]) -> Iterator[str]:
    """Yield the records of the files as the JSON text of lists, each with up to RECORDS_PER_STATEMENT records."""
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            while records := list(islice(lines, RECORDS_PER_STATEMENT)):
                yield f"[{','.join(records)}]"


def type_in_json(sql_type: Any) -> str:
    """Return the type to read a JSON value with, for a column of this type.

    PyAirbyte's columns for times have no time zone, and PostgreSQL would ignore the one in the text.
    """
    return "TIMESTAMP WITH TIME ZONE" if getattr(sql_type, "timezone", False) else str(sql_type)
