"""The commands with deliveries: their requests, their messages about wrong options, and what they never print."""

import json
import logging

import pytest

from integration_tests.connector import configured_catalog, run_source
from integration_tests.source.delivery_platform import Platform
from integration_tests.source.delivery_process import CATALOG, config_of
from integration_tests.source.delivery_sandbox import delivery_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment

MARK = "Zyxwvut"  # a child's name that no log may contain


@pytest.fixture
def service():
    with delivery_sandbox() as running:
        running.start_over(7)
        running.approve(7, 60)
        yield running


@pytest.fixture
def config(service):
    return config_of(Platform(service))


def test_read_of_sixty_records_creates_four_batches_with_a_state_after_each(service, config):
    outcome = run_source("read", config=config, catalog=CATALOG)
    assert outcome.exit_code == 0
    kinds = [message["type"] for message in outcome.messages]
    assert "".join(kind[0] for kind in kinds if kind in {"RECORD", "STATE"}) == (
        "R" * 25 + "S" + "R" * 25 + "S" + "R" * 10 + "S" + "S"
    )
    assert service.calls() == [4, 1, 0]


def test_check_and_discover_and_a_read_of_other_streams_change_nothing(service, config, streams):
    other = configured_catalog(streams, ["delivery_targets"])
    assert run_source("check", config=config).connection_status["status"] == "SUCCEEDED"
    assert service.requests <= 5
    assert run_source("discover", config=config).catalog
    assert len(run_source("read", config=config, catalog=other).records("delivery_targets")) == 1
    assert service.sandbox.journal.count("POST") == 0


def test_the_stream_is_offered_only_where_deliveries_are_consumed_and_never_as_a_full_refresh(config):
    stream = run_source("discover", config=config).catalog["delivered_records"]
    assert stream["supported_sync_modes"] == ["incremental"]
    assert stream["source_defined_cursor"] is True
    assert stream["default_cursor_field"] == ["batch_date"]
    assert stream["source_defined_primary_key"] == [["id"], ["delivery_target_id"]]
    for deliveries in ({"mode": "disabled"}, None):
        config["deliveries"] = deliveries
        catalog = SourcePowerschoolEnrollment(config=config).discover(logging.getLogger(), config)
        assert "delivered_records" not in {stream.name for stream in catalog.streams}


def test_a_target_that_does_not_exist_is_named_by_check(config):
    config["deliveries"]["delivery_target_ids"] = [9, 7]
    status = run_source("check", config=config).connection_status
    assert status["status"] == "FAILED"
    assert "The option deliveries.delivery_target_ids names 9, which does not exist" in status["message"]


def test_a_target_that_is_gone_fails_the_read_as_a_wrong_configuration(service, config):
    del service.targets[7]
    outcome = run_source("read", config=config, catalog=CATALOG)
    assert outcome.exit_code != 0
    assert outcome.errors[0]["failure_type"] == "config_error"
    assert "the delivery target 7 does not exist" in outcome.errors[0]["message"]


@pytest.mark.parametrize("fault", ["500", "truncate"])
def test_record_values_appear_only_in_records(service, config, fault):
    calls = iter(range(9))
    service.fault_for = lambda when, path: (
        fault if when == "after" and "createbatch" in path and next(calls, 9) in {1, 2} else None
    )
    odd = [{"submitted": f"{MARK} o'clock"}, {"data": [MARK]}, {"data": {"student": {"firstName": MARK}}}]
    service.targets[7].oddities = {record_id: odd[record_id % 3] for record_id in service.targets[7].approved}
    short_timeouts = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "10"}
    outcome = run_source("read", config=config, catalog=CATALOG, environment=short_timeouts, debug=True)
    others = [line for line in outcome.stdout.splitlines() if json.loads(line)["type"] != "RECORD"]
    assert len(others) < len(outcome.stdout.splitlines())
    assert MARK not in "".join(others) + outcome.stderr
    assert service.sandbox.api_key not in outcome.stdout + outcome.stderr
