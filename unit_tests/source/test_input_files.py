"""The files on the command line: what is wrong with one is said with its path and place, and nothing that it holds."""

import json

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_powerschool_enrollment.input_files import read_configured_catalog, read_options, read_states

SECRET = "a-secret-key"
OPTIONS = {"api_key": SECRET}
STREAM = {"name": SECRET, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
CONFIGURED = {"stream": STREAM, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "batches"}, "stream_state": {"date": "2026-08-01"}}}


@pytest.fixture
def file(tmp_path):
    """Write a file and return its path."""

    def write(content):
        path = tmp_path / "given.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


def refusal(read, path):
    with pytest.raises(AirbyteTracedException) as caught:
        read(path)
    assert caught.value.failure_type is FailureType.config_error
    assert SECRET not in str(caught.value.as_airbyte_message())
    assert caught.value.message.startswith(f"The file {path}, given with --")
    return caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_may_have_any_encoding_of_unicode(file, encoding):
    assert read_options(file(json.dumps(OPTIONS).encode(encoding))) == OPTIONS


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert "cannot be read: No such file or directory." in refusal(read_options, f"{tmp_path}/none.json")
    assert "cannot be read: Is a directory." in refusal(read_configured_catalog, str(tmp_path))


@pytest.mark.parametrize("read", [read_options, read_configured_catalog, read_states])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"api_key":\n  "a-secret-key', "is not valid JSON at line 2, column 3."),
        (b'{"api_key": "a-secret-key\\q"}', "is not valid JSON at line 1, column 26."),
        (b"", "is not valid JSON at line 1, column 1."),
        (b'"\xff"', "is not JSON in UTF-8."),
        (b"[" * 100_000, "is not JSON in UTF-8."),
    ],
    ids=["cut short", "a wrong escape", "empty", "Latin-1", "too deep"],
)
def test_what_is_no_json_is_said_with_its_place(file, read, content, problem):
    assert problem in refusal(read, file(content))


@pytest.mark.parametrize("content", [[OPTIONS], SECRET, None])
def test_options_are_an_object(file, content):
    said = refusal(read_options, file(content))
    assert said.endswith('--config, holds no JSON object. It must hold the options as a JSON object: {"api_key": …}.')


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([CONFIGURED], "is no configured catalog. It must hold a configured catalog"),
        (
            {"type": "CATALOG", "catalog": {"streams": [STREAM]}},
            "catalog: streams is missing or wrong.",
        ),
        ({"streams": [STREAM]}, "catalog: streams.0.stream is missing or wrong."),
        ({"streams": [{**CONFIGURED, "sync_mode": SECRET}]}, "catalog: streams.0.sync_mode is missing or wrong."),
    ],
    ids=["a list", "what discover prints", "the catalog in it", "a mode that there is not"],
)
def test_what_is_no_configured_catalog_is_said_with_what_it_lacks(file, content, problem):
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


@pytest.mark.parametrize("content", [[], {}])
def test_no_states_are_read_as_none(file, content):
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
        [STATE, {"type": SECRET, "stream": STATE["stream"]}],
    ],
)
def test_a_state_that_would_be_passed_over_is_refused(file, content):
    assert "--state, is no list of states" in refusal(read_states, file(content))
