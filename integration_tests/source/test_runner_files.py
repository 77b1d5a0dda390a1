"""Files and environments that runners give the source, taken from public bug reports of other connectors."""

import json
import tempfile
from pathlib import Path
from unittest.mock import ANY

import pytest

from integration_tests.connector import configured_catalog, discovered_streams, run_source, source_arguments
from powerschool_enrollment_sandbox import District, running_sandbox
from source_powerschool_enrollment.run import parse_arguments, run_command

RECORDS = 6


@pytest.fixture(scope="module")
def sandbox():
    district = District.generate(forms=1, roster_records_per_form=RECORDS, submission_records_per_form=0, data_items=2)
    with running_sandbox(district=district) as running:
        yield running


@pytest.fixture(scope="module")
def config(sandbox):
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


@pytest.fixture(scope="module")
def catalog():
    return configured_catalog(discovered_streams(), ["roster_records"], "incremental")


def test_read_needs_no_folder_that_can_be_written(config, catalog, tmp_path, monkeypatch):
    arguments = parse_arguments(source_arguments("read", tmp_path, config=config, catalog=catalog))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        tempfile.mkdtemp()
    lines = []
    assert run_command(arguments, lines.append) == 0
    assert sum(json.loads(line)["type"] == "RECORD" for line in lines) == RECORDS


@pytest.fixture(scope="module")
def read(config, catalog):
    """Read the roster with a state file of this content."""
    return lambda state: run_source("read", config=config, catalog=catalog, state=state)


@pytest.fixture(scope="module")
def last_state(read):
    return read([]).states[-1]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(Path("/dev/null"), id="no file"),
        pytest.param(b"", id="an empty file"),
        pytest.param(b"\xef\xbb\xbf\r\n", id="a byte order mark"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="an object"),
        pytest.param(b"[]", id="a list"),
        pytest.param([{"type": "LEGACY", "data": {}}], id="a legacy state of no stream"),
    ],
)
def test_state_file_without_a_state_reads_everything(read, content):
    outcome = read(content)
    assert (outcome.exit_code, len(outcome.records("roster_records"))) == (0, RECORDS)
    assert "contains no states: this sync reads everything" in outcome.stdout


@pytest.mark.parametrize("namespace", [None, "", "raw"])
def test_state_with_a_namespace_that_a_runner_added_is_used(read, last_state, namespace):
    descriptor = {"name": "roster_records", "namespace": namespace}
    outcome = read([{**last_state, "stream": {**last_state["stream"], "stream_descriptor": descriptor}}])
    assert (outcome.exit_code, outcome.records("roster_records")) == (0, [])


def test_state_of_a_removed_stream_and_unknown_members_are_ignored(read, last_state):
    gone = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "gone"}, "stream_state": {"date": "2026-08-01"}}}
    stats = {"id": 7, "destinationStats": {"recordCount": 1.0}, "additionalStats": {"a": 1}, "new": [1]}
    outcome = read([gone, {**last_state, **stats}])
    assert (outcome.exit_code, outcome.records("roster_records")) == (0, [])


def with_stream(**members):
    return lambda entry: {**entry, "stream": {**entry["stream"], **members}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda _: {"stream": {"name": "roster_records"}, "sync_mode": "incremental"}, id="as short as it can be"
        ),
        pytest.param(
            lambda entry: {**entry, "destination_sync_mode": "overwrite_dedup"}, id="a mode of newer platforms"
        ),
        pytest.param(
            lambda entry: {**entry, "primary_key": ["id"], "cursor_field": "id"}, id="a key that is not a list of lists"
        ),
        pytest.param(
            lambda entry: {**entry, "mappers": [], "sync_id": None, "generation_id": 7}, id="unknown and null members"
        ),
        pytest.param(with_stream(json_schema=None), id="a schema that is null"),
        pytest.param(
            with_stream(json_schema={"properties": {"id": {}, "gone": {}}}), id="selected and removed columns"
        ),
        pytest.param(with_stream(supported_sync_modes=["full_refresh", "cdc"]), id="a sync mode of the future"),
        pytest.param(with_stream(namespace="raw", is_file_based=None), id="a namespace"),
    ],
)
def test_catalog_needs_only_stream_and_sync_mode(config, last_state, catalog, change):
    changed = {"streams": [change(entry) for entry in catalog["streams"]], "new": 1}
    outcome = run_source("read", config=config, catalog=changed)
    assert (outcome.exit_code, len(outcome.records("roster_records"))) == (0, RECORDS)
    state = last_state["stream"]["stream_state"] | {"synced_at": ANY}
    assert outcome.states[-1]["stream"]["stream_state"] == state
