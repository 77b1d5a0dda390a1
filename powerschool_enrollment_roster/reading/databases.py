"""Reads the rows of a database query. The query runs in a transaction that is never committed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, ResourceClosedError

from destination_powerschool_enrollment.redaction import redact
from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.reading.cell_text import cell_text, is_date
from powerschool_enrollment_roster.reading.table import InputTable, TableLine

_ROWS_AT_ONCE = 1000
_IN_A_FILE = {"sqlite", "duckdb"}
# Words of database errors that are not among the words of PowerSchool's reasons, which `redact` shows.
_WORDS = ("near", "relation", "parser", "binder", "catalog", "conversion", "compilation", "SQL", "FROM", "cast", "type")
_FORM = "--database is an address such as postgresql://user:password@host/database or duckdb:////folder/file.duckdb"


def read_query(address: str, query: str) -> InputTable:
    """Return the column names and the rows of the query, streamed. Raises ImportRefused, also while rows are read.

    A message never contains the address, which may hold a password, nor a database error that may quote values.
    """
    return InputTable("the query", _lines(_url(address), query), unit="row")


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise ImportRefused(f"{_FORM}.") from None
    kind = url.get_backend_name()
    # A driver would create the file, and an empty database in it.
    if kind in _IN_A_FILE and url.database not in {None, "", ":memory:"} and not Path(str(url.database)).is_file():
        raise ImportRefused(f"--database: the file {Path(str(url.database)).name} does not exist.")
    return url


def _lines(url: URL, query: str) -> Iterator[TableLine]:
    try:
        with _connect(url) as connection:
            # The query's own colons and percent signs are not parameters.
            options = {"no_parameters": True, "stream_results": True, "yield_per": _ROWS_AT_ONCE}
            result = connection.exec_driver_sql(query, execution_options=options)
            yield TableLine(0, list(result.keys()))
            for number, row in enumerate(result, start=1):
                yield _line(number, tuple(row))
    except ResourceClosedError:
        raise ImportRefused("--query returned no rows: it must be a SELECT.") from None
    except DBAPIError as error:
        raise ImportRefused(f"--query failed in the database: {_reason(error, query)}") from None


def _reason(error: DBAPIError, query: str) -> str:
    """Return the database's reason. Only common words and the words of the query are shown.

    The reason may quote a value of a row, and the class of the error does not show whether it does: DuckDB raises the
    same class for a text that is not a date as for a wrong query.
    """
    return redact(str(error.orig), (), {*_WORDS, *re.findall(r"\w+", query)}).text


def _connect(url: URL) -> Connection:
    try:
        arguments = {"read_only": True} if url.get_backend_name() == "duckdb" else {}
        return create_engine(url, connect_args=arguments).connect()
    except NoSuchModuleError:
        raise ImportRefused(
            f"--database: no driver for {url.drivername} is installed. For DuckDB, install duckdb-engine; for "
            "Snowflake, snowflake-sqlalchemy."
        ) from None
    except ModuleNotFoundError as error:
        raise ImportRefused(f"--database: the driver is not installed. Install the package of {error.name}.") from None
    except DBAPIError as error:
        reason = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
        raise ImportRefused(f"--database: no connection: {reason}") from None


def _line(number: int, row: tuple[object, ...]) -> TableLine:
    try:
        cells = list(map(cell_text, row))
    except TypeError as kind:
        raise ImportRefused(
            f"Row {number} of --query holds {kind}, which is not text: leave that column out."
        ) from None
    dates = tuple(place for place, value in enumerate(row) if is_date(value))
    doubtful = tuple(place for place, value in enumerate(row) if isinstance(value, float))
    return TableLine(number, cells, dates, doubtful)
