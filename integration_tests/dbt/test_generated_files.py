"""The files that are generated from the streams' schemas are up to date: sources, staging models, descriptions."""

import json
import re

import pytest
import yaml

from integration_tests.dbt.generate import ROOT, generated
from integration_tests.dbt.streams import SAME_ID, all_streams
from source_powerschool_enrollment.source import MANIFEST

FILES = generated()
PACKAGE = ROOT / "dbt"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_generated_file_is_up_to_date(path):
    assert (ROOT / path).read_text(encoding="utf-8") == FILES[path], "run: python -m integration_tests.dbt.generate"


def test_every_stream_with_a_schema_has_a_staging_model():
    schemas = {path.stem for path in (MANIFEST.parent / "schemas").glob("*.json")}
    assert {stream.name for stream in all_streams()} == schemas
    staging = {path.stem for path in (PACKAGE / "models" / "staging").glob("*.sql")}
    assert staging == {stream.model for stream in all_streams()}


def test_every_column_is_described_as_in_the_schema_of_its_stream():
    (source,) = yaml.safe_load((PACKAGE / "models" / "staging" / "sources.yml").read_text())["sources"]
    for table in source["tables"]:
        schema = json.loads((MANIFEST.parent / "schemas" / f"{table['name']}.json").read_text())
        described = {column["name"]: column["description"] for column in table["columns"]}
        expected = {name: definition["description"] for name, definition in schema["properties"].items()}
        assert expected.items() <= described.items()
        assert described.keys() - expected.keys() <= {"_ab_cdc_deleted_at"}


def test_parents_are_those_of_the_manifest():
    manifest = MANIFEST.read_text()
    partitions = re.findall(
        r'stream: \{ \$ref: "#/definitions/(?:selected_)?(\w+)" \}\n +parent_key: id\n +partition_field: (\w+)',
        manifest,
    )
    assert len(partitions) == 3
    parents = {(parent, column) for stream in all_streams() for column, parent in stream.parents.items()}
    assert set(partitions) <= parents


def test_both_environments_have_one_version_of_duckdb():
    """A newer one may write a file that `make sync` cannot open."""
    locks = [ROOT / "requirements.lock", ROOT / "integration_tests" / "dbt" / "requirements.lock"]
    (one, other) = [set(re.findall(r"^duckdb==\S+", lock.read_text(), re.MULTILINE)) for lock in locks]
    assert one == other


def test_every_model_and_column_is_described():
    models = yaml.safe_load((PACKAGE / "models" / "models.yml").read_text())["models"]
    written = {path.stem for path in (PACKAGE / "models").glob("*.sql")}
    assert {model["name"] for model in models} == written
    assert all(entry["description"] for model in models for entry in (model, *model["columns"]))


def test_a_stream_with_the_id_of_another_has_that_one_as_parent():
    parents = {stream.name: set(stream.parents.values()) for stream in all_streams()}
    assert all(parent in parents[name] for name, parent in SAME_ID.items())


def test_names_of_unit_tests_fit_into_postgres():
    """Dbt makes a table of this name; PostgreSQL allows 63 characters."""
    files = (PACKAGE / "models" / "unit_tests").glob("*.yml")
    names = [test["name"] for file in files for test in yaml.safe_load(file.read_text())["unit_tests"]]
    assert names
    assert [name for name in names if len(name) > 60] == []
