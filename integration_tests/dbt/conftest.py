"""The dbt package over tables of two syncs, on DuckDB and PostgreSQL, for `make dbt`.

Each warehouse is filled and built once per session, because that takes most of the time. All checks of one warehouse
run in the same process: see `xdist_group`.
"""

from types import SimpleNamespace

import pytest

from integration_tests.dbt.command import run_dbt
from integration_tests.pyairbyte import HAS_PYAIRBYTE
from integration_tests.recipes.season import Season
from integration_tests.recipes.warehouse import DuckDBFile
from powerschool_enrollment_sandbox import District, running_sandbox


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    if not HAS_PYAIRBYTE:
        pytest.skip("PyAirbyte fills the PostgreSQL database, and does not install on Python 3.13 yet")
    from integration_tests.dbt.postgres import PostgresDatabase  # noqa: PLC0415 - PyAirbyte brings its driver
    from integration_tests.postgres.server import running_server  # noqa: PLC0415

    with running_server() as server:
        server.create_database("district", "America/Chicago")
        yield PostgresDatabase(tmp_path_factory.mktemp("postgres"), server, "district")


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("duckdb", "postgres")],
)
def warehouse(request, tmp_path_factory):
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    return DuckDBFile(tmp_path_factory.mktemp("duckdb"))


@pytest.fixture(scope="session")
def built(warehouse, small_district):
    """Build the models after each of two syncs. The district changes between the syncs.

    In DuckDB each version is a row; in PostgreSQL rows are merged, and removed records are marked.
    """
    merged = not isinstance(warehouse, DuckDBFile)
    strategy = "auto" if merged else "append"
    with running_sandbox(district=District.generate(**small_district)) as sandbox:
        season = Season(sandbox, warehouse, strategy, detect_removed_records=merged)
        season.sync_first()
        first = run_dbt("run", folder=warehouse.folder, output=warehouse.profile("main"))
        assert first.exit_code == 0, first.stdout[-3000:]
        season.change_and_sync()
        yield SimpleNamespace(
            season=season, finished=run_dbt("build", folder=warehouse.folder, output=warehouse.profile("main"))
        )


@pytest.fixture(scope="session")
def season(built):
    return built.season


@pytest.fixture(scope="session")
def rows(built, warehouse):
    """Return a function that queries the models."""
    assert built.finished.exit_code == 0, built.finished.stdout[-3000:]
    return lambda sql: warehouse.rows(sql, "main_powerschool_enrollment")
