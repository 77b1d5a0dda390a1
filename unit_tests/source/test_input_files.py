"""The files on the command line: an error names the file and the place in it, and quotes no content."""

import json

import pytest
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.catalog import read_configured_catalog, read_states

SECRET = "a-secret-key"
STREAM = {"name": SECRET, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
CONFIGURED = {"stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "append"}

STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "batches"}, "stream_state": {"date": "2026-08-01"}}}


def nested(levels):
    return [nested(levels - 1)] if levels else []


@pytest.fixture
def file(tmp_path):
    """Write a file and return its path."""

    def write(content):
        path = tmp_path / "given.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


def refusal(read, path):
    with pytest.raises(InvalidOption) as caught:
        read(path)
    message = str(caught.value)
    assert SECRET not in message
    assert message.startswith(f"The file {path}, given with --")
    return message


@pytest.mark.parametrize("read", [read_configured_catalog, read_states])
def test_invalid_json_is_reported_with_its_place(file, read):
    assert "is not valid JSON at line 2, column 3: " in refusal(read, file(b'{"api_key":\n  "a-secret-key'))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([CONFIGURED], "is not a configured catalog. A configured catalog lists the streams"),
        (
            {"type": "CATALOG", "catalog": {"streams": [STREAM]}},
            "catalog: streams is missing or wrong.",
        ),
        ({"streams": [STREAM]}, "catalog: streams.0.stream is missing or wrong."),
        ({"streams": [{**CONFIGURED, "sync_mode": SECRET}]}, "catalog: streams.0.sync_mode is missing or wrong."),
    ],
    ids=["a list", "what discover prints", "the catalog in it", "an unknown mode"],
)
def test_invalid_catalog_error_names_missing_keys(file, content, problem):
    assert problem in refusal(read_configured_catalog, file(content))


def test_a_configured_catalog_is_read(file):
    (configured,) = read_configured_catalog(file({"streams": [CONFIGURED]})).streams
    assert configured.stream.name == SECRET


@pytest.mark.parametrize(
    "content",
    [[STATE], STATE, {"type": "STATE", "state": STATE}, [{"type": "STATE", "state": STATE}]],
    ids=["a list of states", "a state", "a STATE message", "a list of STATE messages"],
)
def test_states_are_read_as_the_platform_passes_them_and_as_read_prints_them(file, content):
    (state,) = read_states(file(content))
    assert state.stream.stream_descriptor.name == "batches"
    assert vars(state.stream.stream_state) == {"date": "2026-08-01"}


def test_global_state_is_read_as_one_state_for_each_stream(file):
    streams = [STATE["stream"], {"stream_descriptor": {"name": "checklists"}}]
    content = [{"type": "GLOBAL", "global": {"shared_state": {"a": 1}, "stream_states": streams}}, STATE]
    states = read_states(file(content))
    assert [state.stream.stream_descriptor.name for state in states] == ["batches", "checklists", "batches"]
    assert ConnectorStateManager(states).get_stream_state("batches", None) == {"date": "2026-08-01"}


@pytest.mark.parametrize("content", [[], {}])
def test_empty_list_or_object_contains_no_states(file, content):
    assert read_states(file(content)) == []


@pytest.mark.parametrize(
    "content",
    [
        "text",
        [SECRET],
        {"batches": {"date": SECRET}},
        [{"type": "STATE"}],
        [{"type": "STREAM"}],
        [{"stream": STATE["stream"]}],
        [{"type": "LEGACY", "data": {"batches": {"date": SECRET}}}],
        [{"type": "STREAM", "global": {"stream_states": []}}],
        [{"type": "GLOBAL", "stream": STATE["stream"]}],
        [STATE | {"stream": STATE["stream"] | {"stream_state": {"a": nested(900)}}}],
        [STATE, {"type": SECRET, "stream": STATE["stream"]}],
    ],
)
def test_state_that_the_cdk_would_ignore_is_refused(file, content):
    assert "--state, is not a list of states" in refusal(read_states, file(content))
