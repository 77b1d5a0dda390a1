"""Deliveries over a socket: each approved submission arrives at least once, despite all faults of the service."""

from datetime import timedelta

import pytest

from integration_tests.source.delivery_platform import Platform, shape
from integration_tests.source.delivery_sandbox import no_fault


def test_undisturbed_sync_creates_each_batch_once_with_a_state_after_each(service):
    service.approve(7, 60)
    platform = Platform(service)
    messages = platform.sync()
    platform.confirm(messages)
    assert shape(messages) == "R" * 25 + "S" + "R" * 25 + "S" + "R" * 10 + "S" + "S"
    assert service.calls() == [4, 1, 0]
    assert not platform.lost()
    assert not platform.repeated()
    assert {len(target["settled"]) for target in platform.state["delivery_targets"].values()} == {4}


def test_a_record_carries_its_target_and_batch_and_its_times_are_utc(service):
    ids = service.approve(7, 1)
    service.targets[7].oddities[ids[0]] = {"submitted": "2026-08-30T16:50:53", "data": {"student": {"grade": "4"}}}
    record = Platform(service).sync()[0]["record"]
    assert record == {
        "id": ids[0],
        "submitted": "2026-08-30T16:50:53Z",
        "data": {"student": {"grade": "4"}},
        "delivery_target_id": 7,
        "batch_id": service.targets[7].batches[0].id,
        "batch_date": "2026-09-01T12:00:00Z",
    }


def test_a_batch_date_that_cannot_be_read_is_null(service, monkeypatch):
    monkeypatch.setattr("powerschool_enrollment_sandbox.district.deliveries.as_utc_text", lambda _: "yesterday")
    service.approve(7, 1)
    platform = Platform(service)
    messages = platform.sync()
    assert messages[0]["record"]["batch_date"] is None
    platform.confirm(messages)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 0


def test_syncs_without_a_failure_never_reset_and_never_repeat(service):
    platform = Platform(service)
    for _ in range(20):
        service.approve(7, 30)
        platform.confirm(platform.sync())
        service.now += timedelta(hours=31)
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 0
    assert service.calls()[1] == 20


@pytest.mark.parametrize("fault", ["drop", "500", "503", "408", "html", "empty", "truncate"])
def test_batch_of_a_lost_answer_is_reset_before_the_next_createbatch(service, fault):
    service.approve(7, 30)
    service.fail_once(fault, "after")
    platform = Platform(service)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()
    assert [entry.path.split("/")[3] for entry in service.sandbox.journal] == [
        "getbatches",
        "createbatch",
        "getbatches",
        "resetbatch",
        "createbatch",
        "createbatch",
        "createbatch",
    ]


@pytest.mark.parametrize("fault", ["drop", "500"])
def test_a_createbatch_that_did_not_act_leaves_nothing_to_reset(service, fault):
    service.approve(7, 10)
    service.fail_once(fault, "before")
    platform = Platform(service)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert service.calls()[2] == 0


def test_createbatch_is_repeated_after_429_without_listing_batches(service):
    service.approve(7, 10)
    service.fail_once("429", "before")
    Platform(service).sync()
    assert service.calls() == [3, 1, 0]


def test_refused_createbatch_fails_the_stream_and_keeps_confirmed_batches(service):
    service.approve(7, 30)
    service.fail_once("409", "before", at_call=2)
    platform = Platform(service)
    messages = platform.sync()
    assert shape(messages) == "R" * 25 + "S" + "F"
    platform.confirm(messages)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert service.calls()[2] == 0


def test_records_emitted_without_a_committed_state_are_delivered_again(service):
    service.approve(7, 30)
    platform = Platform(service)
    platform.confirm(platform.sync(), committed_states=1)
    assert len(platform.lost()) == 5
    messages = platform.sync()
    platform.confirm(messages)
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 2  # the second batch, and the empty one


def test_sync_without_committed_states_is_delivered_again_in_full(service):
    service.approve(7, 30)
    platform = Platform(service)
    platform.sync()
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert service.calls()[2] == 3


def test_lost_reset_answer_is_retried_and_a_missing_batch_counts_as_reset(service):
    service.start_over(7, resets_stay=False)
    service.approve(7, 10)
    service.deliver(7)
    service.fail_once("drop", "after", "resetbatch")
    platform = Platform(service)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert service.calls()[2] == 2


def test_a_batch_that_was_reset_and_is_still_listed_is_not_reset_again(service):
    service.approve(7, 10)
    service.deliver(7)
    platform = Platform(service)
    for _ in range(3):
        platform.confirm(platform.sync())
    assert not platform.lost()
    assert service.calls()[2] == 1


def test_clearing_the_state_delivers_everything_since_the_first_date_again(service):
    service.approve(7, 30)
    platform = Platform(service)
    platform.confirm(platform.sync())
    platform.state = {}
    platform.confirm(platform.sync())
    assert len(platform.repeated()) == 30


def test_state_of_a_target_that_is_not_configured_is_kept(service):
    service.start_over(7, 8)
    service.approve(7, 10)
    service.approve(8, 10)
    platform = Platform(service)
    platform.confirm(platform.sync())
    away = service.targets.pop(8)
    platform.confirm(platform.sync())
    service.targets[8] = away
    service.approve(8, 5)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 0


def test_failure_of_one_target_does_not_affect_the_others(service):
    service.start_over(7, 8)
    service.approve(7, 30)
    service.approve(8, 30)
    service.fault_for = lambda when, path: "409" if when == "before" and "/8/createbatch" in path else None
    platform = Platform(service)
    messages = platform.sync()
    assert messages[-1] == {"failed": True}
    platform.confirm(messages)
    assert {target for target, _ in platform.lost()} == {8}
    service.fault_for = no_fault
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()


def test_a_service_that_stays_down_fails_the_sync_and_loses_nothing(service):
    service.approve(7, 30)
    service.fault_for = lambda when, path: "503" if when == "after" and "createbatch" in path else None
    waited = []
    platform = Platform(service)
    messages = platform.sync(sleep=waited.append)
    assert shape(messages) == "SF"
    assert 240 < sum(waited) < 600
    assert service.calls()[0] == 10
    service.fault_for = no_fault
    platform.confirm(messages)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()
