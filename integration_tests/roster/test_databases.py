"""Rows of a database query: SQLite, DuckDB, and a PostgreSQL server."""

import datetime as dt
import sqlite3
from contextlib import closing

import duckdb
import pytest

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids

COLUMNS = "external_id varchar(20), first_name varchar(20), last_name varchar(20), birth_date date, grade integer"
QUERY = "select * from students order by 1"
SENT = [
    {"ExternalID": "00123", "FirstName": "Zyx", "LastName": "Kwyx", "DateOfBirth": "03/14/2012", "Grade": "3"},
    {"ExternalID": "00124", "FirstName": "Boz", "LastName": "Qax"},
]
INSERT = "insert into students values ('00123', 'Zyx', 'Kwyx', '2012-03-14', 3), ('00124', 'Boz', 'Qax', null, null)"


def imported(sandbox, address, query=QUERY, **more):
    options = ("--query", query, "--into", schema_ids(sandbox)[1])
    result = run_import("--database", address, *options, sandbox=sandbox, **more)
    assert "Zyx" not in result.stdout
    return result


@pytest.fixture
def sqlite_file(tmp_path):
    with closing(sqlite3.connect(tmp_path / "sis.db")) as database:
        database.execute(f"create table students ({COLUMNS})")
        database.execute(INSERT)
        database.commit()
    return f"sqlite:///{tmp_path}/sis.db"


@pytest.fixture
def duckdb_file(tmp_path):
    pytest.importorskip("duckdb_engine", reason="PyAirbyte brings it, and does not install on Python 3.13 yet")
    with duckdb.connect(str(tmp_path / "sis.duckdb")) as database:
        database.execute(f"create table students ({COLUMNS})")
        database.execute(INSERT)
    return f"duckdb:///{tmp_path}/sis.duckdb"


def test_rows_of_sqlite_arrive(sandbox, sqlite_file, tmp_path):
    result = imported(sandbox, sqlite_file, folder=tmp_path)
    assert result.returncode == 0, result.stdout
    assert rows_sent(sandbox) == SENT


def test_rows_of_duckdb_arrive(sandbox, duckdb_file, tmp_path):
    result = imported(sandbox, duckdb_file, folder=tmp_path)
    assert result.returncode == 0, result.stdout
    assert rows_sent(sandbox) == SENT


def test_rows_of_postgresql_arrive(sandbox, tmp_path):
    postgres = pytest.importorskip("integration_tests.postgres.server")
    if not postgres.INSTALLED:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.running_server() as server:
        server.execute("postgres", f"create table students ({COLUMNS})")
        server.execute("postgres", INSERT)
        address = f"postgresql://{postgres.USER}:none@127.0.0.1:{server.port}/postgres"
        # A colon and a percent sign are not parameters.
        query = "select * from students where last_name::text like '%x' and ':a' = ':a' order by 1"
        result = imported(sandbox, address, query, folder=tmp_path)
        assert result.returncode == 0, result.stdout
        assert rows_sent(sandbox) == SENT
        refused = imported(sandbox, address, "select secret from students", folder=tmp_path)
        assert '--query failed in the database: column "secret" does not exist' in refused.stdout
        failed = imported(sandbox, address, "select first_name::integer from students", folder=tmp_path)
        assert (refused.returncode, failed.returncode) == (2, 2)
        assert "--query failed in the database: invalid input syntax for type integer: …" in failed.stdout


def test_address_comes_from_the_environment(sandbox, sqlite_file, tmp_path):
    options = ("--query", QUERY, "--into", schema_ids(sandbox)[1])
    address = {"POWERSCHOOL_ENROLLMENT_IMPORT_DATABASE": sqlite_file}
    assert run_import(*options, sandbox=sandbox, folder=tmp_path, **address).returncode == 0
    assert rows_sent(sandbox) == SENT


def test_query_changes_nothing(sandbox, sqlite_file, tmp_path):
    result = imported(sandbox, sqlite_file, "delete from students", folder=tmp_path)
    assert "--query returned no rows: it must be a SELECT." in result.stdout
    assert imported(sandbox, sqlite_file, folder=tmp_path).returncode == 0


def test_missing_file_is_not_created(sandbox, tmp_path):
    result = imported(sandbox, f"sqlite:///{tmp_path}/missing.db", folder=tmp_path)
    assert result.returncode == 2
    assert "missing.db does not exist" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "query", "message"),
    [
        ("nonsense", QUERY, "--database is an address such as postgresql://"),
        ("klingon://host/db", QUERY, "no driver for klingon is installed"),
        ("mysql+pymysql://u:secret@127.0.0.1:9/db", QUERY, "the driver is not installed"),
        ("sqlite://", "select 1 as a, 2 as b where 1 = 0", "the query: no row is below the header"),
        ("sqlite://", "select x'00' as ExternalID", "Row 1 of --query holds bytes, which is not text"),
        ("sqlite://", "select 1.0 as ExternalID, 'Zyx' as FirstName, 'K' as LastName", "row 1: ExternalID is a number"),
        ("sqlite://", "selekt 1", '--query failed in the database: near "selekt": syntax error'),
        ("sqlite://", "select numbr from sqlite_master", "--query failed in the database: no such column: numbr"),
    ],
)
def test_query_that_cannot_be_imported_is_reported(sandbox, tmp_path, address, query, message):
    result = imported(sandbox, address, query, folder=tmp_path)
    assert result.returncode == 2
    assert message in result.stdout
    assert "secret" not in result.stdout
    assert rows_sent(sandbox) == []


@pytest.mark.parametrize(
    "value", ["error(first_name)", "strptime(first_name, '%Y')", "first_name::int", "first_name->1"]
)
def test_reason_of_the_database_shows_no_value(sandbox, duckdb_file, tmp_path, value):
    query = f"select external_id, {value} as first_name from students"
    result = imported(sandbox, duckdb_file, query, folder=tmp_path)
    assert result.returncode == 2
    assert "--query failed in the database: " in result.stdout
    assert "yx" not in result.stdout


def test_database_that_does_not_answer_is_reported_without_its_password(sandbox, tmp_path):
    pytest.importorskip("psycopg2")
    result = imported(sandbox, "postgresql://user:secret@127.0.0.1:9/db", folder=tmp_path)
    assert result.returncode == 2
    assert "--database: no connection: " in result.stdout
    assert "secret" not in result.stdout


def test_integer_identifiers_are_imported(sandbox, tmp_path):
    query = "select 123 as ExternalID, 'Zyx' as FirstName, 'Kwyx' as LastName"
    assert imported(sandbox, "sqlite://", query, folder=tmp_path).returncode == 0
    assert [row["ExternalID"] for row in rows_sent(sandbox)] == ["123"]


def test_type_of_a_date_does_not_depend_on_the_name_of_its_field(sandbox, duckdb_file, tmp_path):
    query = "select external_id, first_name, last_name, birth_date as school from students where grade = 3"
    assert imported(sandbox, duckdb_file, query, folder=tmp_path).returncode == 0
    assert rows_sent(sandbox)[0]["School"] == dt.date(2012, 3, 14).strftime("%m/%d/%Y")
