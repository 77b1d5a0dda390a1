"""What docs/warehouse_recipes.md shows without dbt; `make dbt` tests the rest of the page."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from integration_tests.pyairbyte import needs_pyairbyte
from integration_tests.recipes.season import TABLES, Season
from integration_tests.recipes.sync_without_pyairbyte import sync_without_pyairbyte
from integration_tests.recipes.warehouse import DuckDBFile
from powerschool_enrollment_sandbox import District, running_sandbox

PAGE = Path(__file__).parents[1] / "docs" / "warehouse_recipes.md"
FRESH = {"synced_at", "url", "expires_at"}  # differ from read to read
RECORDS = ["roster_records", "submission_records"]


@pytest.fixture(scope="module")
def season(small_district, tmp_path_factory):
    """Yield a district that was synced once, with a snapshot that was read after records were removed."""
    with running_sandbox(district=District.generate(**small_district)) as sandbox:
        season = Season(sandbox, DuckDBFile(tmp_path_factory.mktemp("season")), "auto")
        season.prepare()
        detected = Season(sandbox, season.warehouse, "auto", "detected").sync_of(RECORDS, detect_removed_records=True)
        season.sync(season.records(), detected)
        for form in sandbox.district.forms.values():
            season.removed.append(form.submissions.ids()[30])
            form.submissions.remove(season.removed[-1])
        season.sync(Season(sandbox, season.warehouse, "replace", "snapshot").sync_of(RECORDS), detected)
        yield season


def same(found, expected):
    """Return whether the rows are the same, in any order; at least one."""
    return bool(expected) and Counter(found) == Counter(expected)


def test_the_command_on_the_page_prints_the_rows_of_a_query(folder):
    with duckdb.connect(str(folder / "powerschool_enrollment.duckdb")) as warehouse:
        warehouse.execute("create schema sandbox; create table sandbox.submission_records as select 'Held' as status")
    command = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    shown = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert re.search(r"│ Held +│ +1 │", shown)


def test_removed_records_are_marked(season):
    marked = "select id, status, dataitems from detected.submission_records where _ab_cdc_deleted_at is not null"
    assert same(season.rows(marked), [(record_id, None, None) for record_id in season.removed])


def test_a_record_that_vanished_is_found_by_a_snapshot(season):
    section = PAGE.read_text(encoding="utf-8").partition("## Comparison with a snapshot")[2]
    (sql,) = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    found = season.rows(sql)
    assert sorted(row[0] for row in found) == sorted(season.removed)
    assert len(found) == 3


@needs_pyairbyte
def test_tables_are_the_same_without_pyairbyte(small_district, season, tmp_path):
    """The replacement for PyAirbyte on Python 3.13 fills the same columns with the same values."""
    with running_sandbox(district=District.generate(**small_district)) as sandbox:
        other = Season(sandbox, DuckDBFile(tmp_path), "auto")
        other.prepare()
        sync_without_pyairbyte([other.records()])
    for table in (*TABLES, "documents"):
        columns = [column[:2] for column in season.rows(f"describe {table}")]
        assert [column[:2] for column in other.rows(f"describe {table}")] == columns
        known = ", ".join(name for name, _ in columns if not name.startswith("_airbyte_") and name not in FRESH)
        assert same(other.rows(f"select {known} from {table}"), season.rows(f"select {known} from {table}")), table
