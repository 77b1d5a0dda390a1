"""Deliveries when clocks or time zones are wrong, and when the list of batches is late."""

import logging
from datetime import datetime, timedelta, timezone

import pytest

from integration_tests.source.delivery_platform import Platform, shape

STATE_AHEAD = (
    "Delivery target 7: the state's date {since} is in the future, so it counts as unknown. Batches are "
    "listed from 2026-08-01; those that the state does not list as settled are delivered again."
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def test_a_batch_whose_answer_was_lost_and_that_is_listed_only_days_later_is_not_missed(service):
    service.start_over(7, lists_late=2)
    service.approve(7, 10)
    service.fail_once("drop", "after")
    platform = Platform(service)
    platform.confirm(platform.sync())
    assert len(platform.lost()) == 10
    for _ in range(4):
        service.now += timedelta(days=1)
        platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 1


@pytest.mark.parametrize("hours_off", [-12, -6, 14])
@pytest.mark.parametrize("moment", ["2026-08-01T00:00:00", "2026-08-01T23:59:59"])
def test_orphan_of_the_first_date_is_found_in_any_time_zone(service, hours_off, moment):
    service.start_over(7, hours_off=hours_off)
    service.approve(7, 10)
    service.deliver(7, at(moment))
    platform = Platform(service)
    platform.confirm(platform.sync())
    assert not platform.lost()


@pytest.mark.parametrize("oddity", [{"hours_off": 14}, {"ignores_date": True}])
def test_listed_batch_before_the_first_date_is_not_an_orphan(service, oddity):
    service.start_over(7, **oddity)
    service.approve(7, 10)
    service.deliver(7, at("2026-07-31T23:59:59"))
    platform = Platform(service)
    assert shape(platform.sync()) == "S"
    assert service.calls()[2] == 0


@pytest.mark.parametrize("oddity", [{}, {"ignores_date": True}, {"hours_off": -12}, {"hours_off": 14}])
def test_an_old_settled_batch_that_the_list_still_shows_is_never_reset_again(service, oddity):
    service.start_over(7, **oddity)
    platform = Platform(service)
    for _ in range(30):
        service.approve(7, 30)
        platform.confirm(platform.sync())
        service.now += timedelta(hours=20)
    state = platform.state["delivery_targets"]["7"]
    assert state["since"] > "2026-09-15"
    assert len(state["settled"]) < 20
    assert service.calls()[2] == 0
    assert not platform.repeated()


@pytest.mark.parametrize("days_off", [-400, -1, 1, 400])
def test_no_record_is_lost_if_the_clock_of_this_machine_is_wrong(service, days_off):
    platform = Platform(service)
    for number in range(8):
        service.approve(7, 10)
        messages = platform.sync(today=(service.now + timedelta(days=days_off)).date())
        platform.confirm(messages, committed_states=number % 2)  # no state of every second sync is committed
        service.now += timedelta(hours=20)
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()


def test_clock_of_the_service_may_jump_ahead_and_back(service):
    platform = Platform(service)
    today = service.now.date()
    service.now += timedelta(days=400)
    platform.confirm(platform.sync(today=today))
    service.now -= timedelta(days=400)
    service.approve(7, 10)
    platform.sync(today=today)
    platform.confirm(platform.sync(today=today))
    assert not platform.lost()


def test_batches_of_the_same_second_are_distinguished(service):
    service.start_over(7, batch_size=5)
    service.approve(7, 50)
    platform = Platform(service)
    platform.confirm(platform.sync(), committed_states=4)
    assert len(platform.lost()) == 30
    platform.confirm(platform.sync())
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 7


@pytest.mark.parametrize("since", ["2026-09-02", "2099-01-01", "9999-12-31"])
def test_since_in_the_future_counts_as_unknown(service, since, caplog):
    service.approve(7, 30)
    service.deliver(7)
    service.deliver(7)
    settled, orphan = service.targets[7].batches
    platform = Platform(service)
    platform.state = {"delivery_targets": {"7": {"since": since, "settled": [settled.id]}}}
    with caplog.at_level(logging.WARNING):
        assert shape(platform.sync()) == "R" * 5 + "SS"
    assert caplog.messages == [STATE_AHEAD.format(since=since)]
    assert orphan.was_reset
    assert not settled.was_reset


def test_first_date_of_tomorrow_hides_no_batch_of_today(service, caplog):
    service.approve(7, 10)
    platform = Platform(service, start_date=service.now.date() + timedelta(days=1))
    platform.sync()  # no state of this sync is committed
    with caplog.at_level(logging.WARNING):
        platform.confirm(platform.sync())
    assert caplog.messages == []
    assert not platform.lost()
