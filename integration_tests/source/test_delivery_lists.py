"""Odd lists of batches over a socket: no delivery is lost or repeated, and no list blocks its target."""

import logging
from datetime import date, timedelta
from itertools import count

import pytest

from integration_tests.source.delivery_platform import Platform, sync_and_confirm

CUT = (
    "Delivery target 7: the list of batches since 2026-08-01 ends after 50 batches and does not reach that date. "
    "The service may have cut it; an unconfirmed batch that it does not show cannot be delivered again."
)


def without_id(batch):
    return {key: value for key, value in batch.items() if key != "id"}


@pytest.mark.parametrize("odd", [without_id, lambda batch: batch | {"id": None}, lambda _: None, lambda _: "text"])
def test_list_entry_without_an_id_does_not_block_its_target(service, odd, caplog):
    for _ in range(2):
        service.approve(7, 25)
        service.deliver(7)
    _, odd_one = service.targets[7].batches
    service.targets[7].entries = lambda batch: odd(batch) if batch["id"] == odd_one.id else batch
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        assert sync_and_confirm(platform) == ["R" * 25 + "SS"]
    (message,) = caplog.messages
    assert message.startswith("Delivery target 7: 1 entries in the list of batches have no usable id.")
    service.targets[7].entries = lambda batch: batch
    sync_and_confirm(platform)
    assert not platform.lost()
    assert not platform.repeated()


def test_batch_ids_that_are_integers_are_used_as_text(service):
    service.targets[7]._new_id = map(str, count(10)).__next__
    service.targets[7].entries = lambda batch: batch | {"id": int(batch["id"])}
    for _ in range(2):
        service.approve(7, 25)
        service.deliver(7)
    platform = Platform(service)
    assert sync_and_confirm(platform, times=2) == ["R" * 25 + "S" + "R" * 25 + "SS", "S"]
    assert not platform.lost()
    assert not platform.repeated()


def test_batch_ids_listed_in_capitals_are_not_delivered_again(service):
    service.targets[7].entries = lambda batch: batch | {"id": batch["id"].upper()}
    platform = Platform(service)
    for _ in range(3):
        service.approve(7, 30)
        sync_and_confirm(platform)
        service.now += timedelta(days=2)
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 0


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+05:00", "2099-01-01T00:00:00Z", None, 7]
)
def test_orphan_with_an_implausible_date_is_delivered_again_once(service, moment):
    platform = Platform(service)
    service.approve(7, 5)
    sync_and_confirm(platform)
    service.now += timedelta(days=30)
    service.approve(7, 25)
    service.deliver(7)
    orphan = service.targets[7].batches[-1].id
    service.targets[7].entries = lambda batch: batch | ({"date": moment} if batch["id"] == orphan else {})
    assert sync_and_confirm(platform, times=3) == ["R" * 25 + "SS", "S", "S"]
    assert not platform.lost()
    assert not platform.repeated()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "2099-01-01T00:00:00Z"])
def test_batches_that_all_have_the_same_implausible_date_are_delivered_once(service, moment):
    service.targets[7].entries = lambda batch: batch | {"date": moment}
    platform = Platform(service)
    for number in range(4):
        service.approve(7, 30)
        messages = platform.sync()
        platform.confirm(messages, committed_states=None if number % 2 else 1)
        service.now += timedelta(days=9)
    sync_and_confirm(platform)
    assert not platform.lost()
    assert not platform.repeated()


def test_first_date_may_be_the_calendars_first(service):
    service.approve(7, 25)
    service.deliver(7)
    platform = Platform(service, start_date=date.min)
    assert sync_and_confirm(platform, times=2) == ["R" * 25 + "SS", "S"]
    platform.state = {"delivery_targets": {"7": {"since": "0001-01-01", "settled": []}}}
    sync_and_confirm(platform)
    assert service.sandbox.journal.count("GET", "/deliverytargets/7/getbatches/0001-01-01") == 2
    assert not platform.lost()


def test_list_that_the_service_cuts_is_a_warning_with_its_length(service, caplog):
    service.start_over(7, batch_size=1, most_listed=50)
    service.approve(7, 60)
    platform = Platform(service)
    platform.sync()  # no state of this sync is committed
    with caplog.at_level(logging.WARNING):
        sync_and_confirm(platform)
    assert caplog.messages == [CUT]
