"""Odd answers to `resetbatch` over a socket: no delivery is lost, and no answer blocks a target."""

import logging
from datetime import timedelta

import pytest

from integration_tests.source.delivery_platform import Platform, sync_and_confirm
from integration_tests.source.delivery_sandbox import no_fault

NOT_FOUND = (
    "Delivery target 7: resetbatch did not find 1 batches that the list shows. They stay unsettled, "
    "and the next sync resets them again."
)


def missing_resets(times):
    """Return a `fault_for` that answers this number of resets with 404."""
    left = iter(["404"] * times)
    return lambda when, path: next(left, None) if when == "before" and "resetbatch" in path else None


def test_batch_whose_reset_is_not_found_is_tried_again_by_the_next_sync(service, caplog):
    service.approve(7, 25)
    service.deliver(7)
    service.fault_for = missing_resets(1)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        assert sync_and_confirm(platform) == ["S"]
    assert caplog.messages == [NOT_FOUND]
    assert len(platform.lost()) == 25
    assert sync_and_confirm(platform) == ["R" * 25 + "SS"]
    assert not platform.lost()
    assert "not_found" not in platform.state["delivery_targets"]["7"]


def test_batch_is_settled_after_its_reset_was_not_found_in_three_syncs(service, caplog):
    service.approve(7, 25)
    service.deliver(7)
    service.fault_for = missing_resets(9)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        sync_and_confirm(platform, times=3)
        service.approve(7, 5)
        assert sync_and_confirm(platform) == ["R" * 5 + "SS"]
    assert service.calls()[2] == 3
    (batch, *_) = service.targets[7].batches
    assert caplog.messages[2:] == [
        f"Delivery target 7: resetbatch did not find batch {batch.id} in 3 syncs. It counts as reset from now on."
    ]


def test_resets_that_are_not_found_in_one_sync_count_once(service):
    service.approve(7, 25)
    service.deliver(7)
    service.approve(7, 5)
    faults = {("before", "resetbatch"): "404", ("after", "createbatch"): "500"}
    service.fault_for = lambda when, path: faults.get((when, path.split("/")[3]))
    platform = Platform(service)
    assert sync_and_confirm(platform) == ["SF"]
    assert service.calls()[2] > 10
    service.fault_for = no_fault
    sync_and_confirm(platform)
    assert not platform.lost()


def test_old_batch_whose_reset_is_not_found_is_reset_after_newer_ones(service):
    service.approve(7, 25)
    service.deliver(7)
    service.fault_for = missing_resets(2)
    platform = Platform(service)
    for _ in range(3):
        service.now += timedelta(days=9)
        service.approve(7, 5)
        sync_and_confirm(platform)
    assert not platform.lost()


@pytest.mark.parametrize("status", ["400", "409", "422"])
def test_batch_whose_reset_is_always_refused_does_not_block_its_target(service, status, caplog):
    service.approve(7, 25)
    service.deliver(7)
    (stuck,) = service.targets[7].batches
    service.fault_for = lambda when, path: status if when == "before" and path.endswith(stuck.id) else None
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            service.approve(7, 5)
            service.now += timedelta(days=9)
            assert sync_and_confirm(platform) == ["R" * 5 + "SS"]
    assert len(caplog.messages) == 5
    assert f"resetbatch refused 1 batches, the first is {stuck.id}. They stay unsettled" in caplog.messages[-1]
    assert len(platform.lost()) == 25
    service.fault_for = no_fault
    assert sync_and_confirm(platform) == ["R" * 25 + "SS"]
    assert not platform.lost()
    assert not platform.repeated()


def test_reset_that_is_answered_with_an_empty_200_counts(service):
    service.approve(7, 25)
    service.deliver(7)
    service.fault_for = lambda when, path: "empty" if when == "after" and "resetbatch" in path else None
    platform = Platform(service)
    assert sync_and_confirm(platform) == ["R" * 25 + "SS"]
    assert service.calls()[2] == 1
    assert not platform.lost()
