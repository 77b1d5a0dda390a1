"""The dbt package is built, tested and rendered for other warehouses: `make dbt`.

Not collected with the other tests, because it needs the environment of dbt.
"""

import pytest

from integration_tests.dbt.command import render_for, run_dbt
from integration_tests.dbt.streams import all_streams
from integration_tests.recipes.warehouse import DuckDBFile

MODELS = {
    "current_roster_records",
    "current_submission_records",
    "answers",
    "record_tags",
    "enrollment_funnel",
    "students",
    "checklist_progress",
    "deliveries",
    "missing_documents",
}


def test_every_model_is_built_and_every_test_passes(built):
    finished = built.finished
    assert finished.exit_code == 0, finished.stdout[-3000:]
    assert finished.statuses.keys() == {"success", "pass"}, finished.stdout[-3000:]
    names = {result["unique_id"].rpartition(".")[2] for result in finished.of("model")}
    assert names == MODELS | {stream.model for stream in all_streams()}
    tested = {result["unique_id"].split(".")[2] for result in finished.of("unit_test")}
    assert tested == names


@pytest.mark.parametrize(
    ("dialect", "used"),
    [
        ("snowflake", {"lateral flatten(", "cast(get(", "parse_json(", "timestamp_ntz"}),
        ("bigquery", {"unnest(json_keys(", "json_value(", "json_query_array(", "int64"}),
    ],
)
def test_models_render_for_other_warehouses(warehouse, built, dialect, used):
    assert built.finished.exit_code == 0
    if not isinstance(warehouse, DuckDBFile):
        pytest.skip("One warehouse is enough to render them")
    rendered = render_for(dialect, folder=warehouse.folder)
    assert rendered.keys() == MODELS | {stream.model for stream in all_streams()}
    sql = "\n".join(rendered.values())
    assert {function for function in used if function not in sql} == set()
    assert not {function for function in ("json_type(", "json_extract_string(", "jsonb", "#>>") if function in sql}


def test_sources_are_fresh_right_after_a_sync(built, warehouse):
    assert built.finished.exit_code == 0
    finished = run_dbt("source", "freshness", folder=warehouse.folder, output=warehouse.profile("main"))
    assert finished.exit_code == 0, finished.stdout[-3000:]
    assert finished.stdout.count("PASS freshness of") == 3


def test_wrong_schema_is_an_error_that_names_the_variable(warehouse):
    output = warehouse.profile("main")
    variables = {"powerschool_enrollment_schema": "elsewhere"}
    finished = run_dbt("build", folder=warehouse.folder, output=output, **variables)
    assert finished.exit_code == 1
    assert "The schema elsewhere of the database" in finished.stdout
    assert "Set the variable powerschool_enrollment_schema" in finished.stdout
