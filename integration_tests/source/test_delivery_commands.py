"""The real console script: its requests, its messages about wrong options, and what it never prints."""

import json
import logging
import os
import subprocess

import pytest

from integration_tests.source.delivery_platform import Platform
from integration_tests.source.delivery_process import CATALOG, command, config_of
from integration_tests.source.delivery_sandbox import delivery_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment

MARK = "Zyxwvut"  # a child's name that no log may hold


@pytest.fixture
def service():
    with delivery_sandbox() as running:
        running.start_over(7)
        running.approve(7, 60)
        yield running


def run(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment}
    )


def said(process, kind):
    lines = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    return [message for message in lines if message["type"] == kind]


def check(service, tmp_path, **changes):
    config = config_of(Platform(service))
    config["deliveries"].update(changes)
    return said(run(command("check", tmp_path, config=config)), "CONNECTION_STATUS")[0]["connectionStatus"]


def test_read_of_sixty_records_creates_four_batches_with_a_state_after_each(service, tmp_path):
    arguments = command("read", tmp_path, config=config_of(Platform(service)), catalog=CATALOG)
    process = run(arguments)
    assert process.returncode == 0
    kinds = [json.loads(line)["type"] for line in process.stdout.splitlines()]
    assert "".join(kind[0] for kind in kinds if kind in {"RECORD", "STATE"}) == (
        "R" * 25 + "S" + "R" * 25 + "S" + "R" * 10 + "S" + "S"
    )
    assert service.calls() == [4, 1, 0]


def test_check_and_discover_and_a_read_of_other_streams_change_nothing(service, tmp_path):
    config = config_of(Platform(service))
    stream = {"name": "delivery_targets", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    other = {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]}
    assert check(service, tmp_path)["status"] == "SUCCEEDED"
    assert service.requests <= 5
    assert said(run(command("discover", tmp_path, config=config)), "CATALOG")
    assert len(said(run(command("read", tmp_path, config=config, catalog=other)), "RECORD")) == 1
    assert service.sandbox.journal.count("POST") == 0


def test_the_stream_is_offered_only_where_deliveries_are_consumed_and_never_as_a_full_refresh(service, tmp_path):
    config = config_of(Platform(service))
    streams = {
        stream["name"]: stream
        for stream in said(run(command("discover", tmp_path, config=config)), "CATALOG")[0]["catalog"]["streams"]
    }
    stream = streams["delivered_records"]
    assert stream["supported_sync_modes"] == ["incremental"]
    assert stream["source_defined_cursor"] is True
    assert stream["default_cursor_field"] == ["batch_date"]
    assert stream["source_defined_primary_key"] == [["delivery_target_id"], ["id"]]
    for deliveries in ({"mode": "disabled"}, None):
        config["deliveries"] = deliveries
        catalog = SourcePowerschoolEnrollment(config=config).discover(logging.getLogger(), config)
        assert "delivered_records" not in {stream.name for stream in catalog.streams}


def test_a_target_that_does_not_exist_is_named_by_check(service, tmp_path):
    status = check(service, tmp_path, delivery_target_ids=[9, 7])
    assert status["status"] == "FAILED"
    assert "The option deliveries.delivery_target_ids names 9, which does not exist" in status["message"]


def test_a_target_that_is_gone_fails_the_read_as_a_wrong_configuration(service, tmp_path):
    arguments = command("read", tmp_path, config=config_of(Platform(service)), catalog=CATALOG)
    del service.targets[7]
    process = run(arguments)
    assert process.returncode != 0
    errors = [trace["trace"]["error"] for trace in said(process, "TRACE") if trace["trace"]["type"] == "ERROR"]
    assert errors[0]["failure_type"] == "config_error"
    assert "the delivery target 7 does not exist" in errors[0]["message"]


@pytest.mark.parametrize("fault", ["500", "truncate"])
def test_record_values_appear_only_in_records(service, tmp_path, fault):
    calls = iter(range(9))
    service.spoil = lambda when, path: (
        fault if when == "after" and "createbatch" in path and next(calls, 9) in {1, 2} else None
    )
    odd = [{"submitted": f"{MARK} o'clock"}, {"data": [MARK]}, {"data": {"student": {"firstName": MARK}}}]
    service.targets[7].oddities = {record_id: odd[record_id % 3] for record_id in service.targets[7].approved}
    arguments = command("read", tmp_path, config=config_of(Platform(service)), catalog=CATALOG)
    process = run([*arguments, "--debug"], POWERSCHOOL_ENROLLMENT_RETRY_SECONDS="10")
    others = [line for line in process.stdout.splitlines() if json.loads(line)["type"] != "RECORD"]
    assert len(others) < len(process.stdout.splitlines())
    assert MARK not in "".join(others) + process.stderr
    assert service.sandbox.api_key not in process.stdout + process.stderr
