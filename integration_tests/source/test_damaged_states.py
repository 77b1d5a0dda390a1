"""A sync with a damaged state reads all records, or fails with a config error. It never prints a stack trace."""

import pytest

from integration_tests.connector import configured_catalog, run_source
from powerschool_enrollment_sandbox import District, running_sandbox

STREAMS = ["batches", "delivered_records", "roster_records"]
DAMAGES = [
    None,
    7,
    "text",
    ["text"],
    {"text": ["text"]},
    {"delivery_targets": 7, "published_actions": 7, "states": 7},
    {"delivery_targets": ["a"], "published_actions": ["a"], "states": ["a"], "state": ["a"]},
    {"delivery_targets": {"7": {}}, "published_actions": {"7": {}}, "states": [{}], "state": {}},
    {"delivery_targets": {"7": {"since": ["2026-08-01"], "settled": []}}, "state": {"date": ["2026-08-01"]}},
    {"delivery_targets": {"7": {"since": "2026-08-01", "settled": "abc"}}, "date": 20260801},
    {"states": [{"partition": {}, "cursor": {"date": "2026-08"}}], "lookback_window": "x", "use_global_cursor": "x"},
]


@pytest.fixture(scope="module")
def sandbox():
    district = District.generate(
        forms=1, roster_records_per_form=30, submission_records_per_form=0, delivery_targets=1, past_batches=3
    )
    with running_sandbox(district=district) as running:
        yield running


@pytest.fixture(scope="module")
def read(sandbox):
    """Return a function that syncs the three incremental streams with a state."""
    (target,) = sandbox.district.delivery_targets
    deliveries = {"mode": "consume", "delivery_target_ids": [target], "start_date": "2026-08-01"}
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": 10, "deliveries": deliveries}
    streams = run_source("discover", config=config).catalog
    catalog = configured_catalog(streams, STREAMS, "incremental")
    return lambda state: run_source("read", config=config, catalog=catalog, state=state)


def of_stream(name, state):
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}


def assert_complete_or_config_error(outcome):
    assert "Traceback" not in outcome.stdout + outcome.stderr
    if outcome.exit_code == 0:
        assert len(outcome.records("roster_records")) == 30
        assert outcome.records("batches")
    else:
        assert {error["failure_type"] for error in outcome.errors} == {"config_error"}
        assert not any("Something went wrong" in error["message"] for error in outcome.errors)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", STREAMS)
def test_damaged_state_gives_a_full_sync_or_a_config_error(read, name, damage):
    assert_complete_or_config_error(read([of_stream(name, damage)]))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_global_state_gives_a_full_sync_or_a_config_error(read, damage):
    streams = [of_stream(name, damage)["stream"] for name in STREAMS]
    outcome = read([{"type": "GLOBAL", "global": {"shared_state": {}, "stream_states": streams}}])
    assert_complete_or_config_error(outcome)


def test_global_state_continues_from_the_last_sync(read):
    last = {state["stream"]["stream_descriptor"]["name"]: state["stream"] for state in read([]).states}
    outcome = read([{"type": "GLOBAL", "global": {"shared_state": {"a": 1}, "stream_states": list(last.values())}}])
    assert outcome.exit_code == 0
    assert outcome.records("roster_records") == []
    assert outcome.records("delivered_records") == []
