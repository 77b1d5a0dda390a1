"""Deliveries over a socket where the service answers something odd: nothing is lost, and nothing is blocked."""

import logging
from datetime import date, timedelta
from itertools import count

import pytest

from integration_tests.source.delivery_platform import Platform, shape
from integration_tests.source.delivery_sandbox import never
from powerschool_enrollment_api import answer_limits

UNKNOWN_RECORDS = (
    "Delivery target 7: createbatch answered without a list of records. Batch {batch} counts as empty, "
    "and the next sync resets it."
)

NOT_FOUND = (
    "Delivery target 7: resetbatch did not find 1 batches that the list shows. They stay unsettled, "
    "and the next sync resets them again."
)

CUT = (
    "Delivery target 7: the list of batches since 2026-08-01 ends after 50 batches and does not reach that date. "
    "The service may have cut it; an unconfirmed batch that it does not show cannot be delivered again."
)


@pytest.fixture(params=[lambda batch: batch, lambda batch: [batch]], ids=["object", "list of one"])
def wire(request):
    """Return the answer of `createbatch` in one of both shapes."""
    return request.param


def without_records(batch):
    return {key: value for key, value in batch.items() if key != "records"}


def without_id(batch):
    return {key: value for key, value in batch.items() if key != "id"}


def in_capitals(batch):
    return {"ID": batch["id"], "Date": batch["date"], "Records": batch["records"]}


def synced(platform, times=1):
    """Sync and confirm everything; return the shape of each sync."""
    shapes = []
    for _ in range(times):
        messages = platform.sync()
        platform.confirm(messages)
        shapes.append(shape(messages))
    return shapes


def test_keys_of_a_batch_are_case_insensitive(service, wire):
    service.targets[7].answers = lambda batch: wire(in_capitals(batch))
    service.approve(7, 30)
    platform = Platform(service)
    assert synced(platform) == ["R" * 25 + "S" + "R" * 5 + "SS"]
    assert not platform.lost()
    assert service.calls()[2] == 0


@pytest.mark.parametrize("odd", [without_records, lambda batch: batch | {"records": None}], ids=["missing", "null"])
def test_batch_without_records_is_not_settled_and_the_next_sync_resets_it(service, wire, odd, caplog):
    service.targets[7].answers = lambda batch: wire(odd(batch))
    service.approve(7, 25)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        assert synced(platform) == ["S"]
    (batch,) = service.targets[7].batches
    assert caplog.messages == [UNKNOWN_RECORDS.format(batch=batch.id)]
    service.targets[7].answers = wire
    assert synced(platform) == ["R" * 25 + "SS"]
    assert not platform.lost()


def test_service_that_omits_the_records_of_empty_batches_loses_and_repeats_nothing(service):
    service.targets[7].answers = lambda batch: batch if batch["records"] else without_records(batch)
    platform = Platform(service)
    for _ in range(4):
        service.approve(7, 30)
        assert synced(platform) == ["R" * 25 + "S" + "R" * 5 + "SS"]
    assert not platform.lost()
    assert not platform.repeated()


@pytest.mark.parametrize(
    "odd",
    [
        lambda batch: batch | {"records": {}},
        lambda batch: batch | {"records": ""},
        lambda batch: batch | {"records": [record["id"] for record in batch["records"]]},
        lambda batch: without_records(batch) | {"submissions": batch["records"]},
        lambda batch: without_records(batch) | {"delivery": {"records": batch["records"]}},
        lambda batch: {"batch": batch},
        lambda batch: [batch, batch],
    ],
    ids=["object", "text", "ids", "another list", "another object", "nested", "two batches"],
)
def test_batch_of_an_unknown_shape_fails_the_stream_and_is_reset_by_the_next_sync(service, odd):
    service.targets[7].answers = odd
    service.approve(7, 25)
    platform = Platform(service)
    assert synced(platform, times=2) == ["SF", "SF"]
    service.targets[7].answers = lambda batch: batch
    synced(platform)
    assert not platform.lost()


def missing_resets(times):
    """Return a `spoil` that answers 404 to this number of resets."""
    left = iter(["404"] * times)
    return lambda when, path: next(left, None) if when == "before" and "resetbatch" in path else None


def test_batch_whose_reset_is_not_found_is_tried_again_by_the_next_sync(service, caplog):
    service.approve(7, 25)
    service.deliver(7)
    service.spoil = missing_resets(1)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        assert synced(platform) == ["S"]
    assert caplog.messages == [NOT_FOUND]
    assert len(platform.lost()) == 25
    assert synced(platform) == ["R" * 25 + "SS"]
    assert not platform.lost()
    assert "not_found" not in platform.state["delivery_targets"]["7"]


def test_batch_is_settled_after_its_reset_was_not_found_in_three_syncs(service, caplog):
    service.approve(7, 25)
    service.deliver(7)
    service.spoil = missing_resets(9)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        synced(platform, times=3)
        service.approve(7, 5)
        assert synced(platform) == ["R" * 5 + "SS"]
    assert service.calls()[2] == 3
    (batch, *_) = service.targets[7].batches
    assert caplog.messages[2:] == [
        f"Delivery target 7: resetbatch did not find batch {batch.id} in 3 syncs. It counts as reset from now on."
    ]


@pytest.mark.parametrize("status", ["400", "409", "422"])
def test_batch_whose_reset_is_always_refused_does_not_block_its_target(service, status, caplog):
    service.approve(7, 25)
    service.deliver(7)
    (stuck,) = service.targets[7].batches
    service.spoil = lambda when, path: status if when == "before" and path.endswith(stuck.id) else None
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            service.approve(7, 5)
            service.now += timedelta(days=9)
            assert synced(platform) == ["R" * 5 + "SS"]
    assert len(caplog.messages) == 5
    assert f"resetbatch refused 1 batches, the first is {stuck.id}. They stay unsettled" in caplog.messages[-1]
    assert len(platform.lost()) == 25
    service.spoil = never
    assert synced(platform) == ["R" * 25 + "SS"]
    assert not platform.lost()
    assert not platform.repeated()


@pytest.mark.parametrize("odd", [without_id, lambda batch: batch | {"id": None}, lambda _: None, lambda _: "text"])
def test_list_entry_without_an_id_does_not_block_its_target(service, odd, caplog):
    for _ in range(2):
        service.approve(7, 25)
        service.deliver(7)
    _, odd_one = service.targets[7].batches
    service.targets[7].entries = lambda batch: odd(batch) if batch["id"] == odd_one.id else batch
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        assert synced(platform) == ["R" * 25 + "SS"]
    (message,) = caplog.messages
    assert message.startswith("Delivery target 7: 1 entries in the list of batches have no usable id.")
    service.targets[7].entries = lambda batch: batch
    synced(platform)
    assert not platform.lost()
    assert not platform.repeated()


def test_batch_ids_that_are_integers_are_used_as_text(service):
    service.targets[7]._new_id = map(str, count(10)).__next__
    service.targets[7].entries = lambda batch: batch | {"id": int(batch["id"])}
    for _ in range(2):
        service.approve(7, 25)
        service.deliver(7)
    platform = Platform(service)
    assert synced(platform, times=2) == ["R" * 25 + "S" + "R" * 25 + "SS", "S"]
    assert not platform.lost()
    assert not platform.repeated()


def test_resets_that_are_not_found_in_one_sync_count_once(service):
    service.approve(7, 25)
    service.deliver(7)
    service.approve(7, 5)
    faults = {("before", "resetbatch"): "404", ("after", "createbatch"): "500"}
    service.spoil = lambda when, path: faults.get((when, path.split("/")[3]))
    platform = Platform(service)
    assert synced(platform) == ["SF"]
    assert service.calls()[2] > 10
    service.spoil = never
    synced(platform)
    assert not platform.lost()


def test_old_batch_whose_reset_is_not_found_is_not_passed_by_newer_ones(service):
    service.approve(7, 25)
    service.deliver(7)
    service.spoil = missing_resets(2)
    platform = Platform(service)
    for _ in range(3):
        service.now += timedelta(days=9)
        service.approve(7, 5)
        synced(platform)
    assert not platform.lost()


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+05:00", "2099-01-01T00:00:00Z", None, 7]
)
def test_orphan_with_an_implausible_date_is_delivered_again_once(service, moment):
    platform = Platform(service)
    service.approve(7, 5)
    synced(platform)
    service.now += timedelta(days=30)
    service.approve(7, 25)
    service.deliver(7)
    orphan = service.targets[7].batches[-1].id
    service.targets[7].entries = lambda batch: batch | ({"date": moment} if batch["id"] == orphan else {})
    assert synced(platform, times=3) == ["R" * 25 + "SS", "S", "S"]
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
    synced(platform)
    assert not platform.lost()
    assert not platform.repeated()


def test_first_date_may_be_the_calendars_first(service):
    service.approve(7, 25)
    service.deliver(7)
    platform = Platform(service, start_date=date.min)
    assert synced(platform, times=2) == ["R" * 25 + "SS", "S"]
    platform.state = {"delivery_targets": {"7": {"since": "0001-01-01", "settled": []}}}
    synced(platform)
    assert service.sandbox.journal.count("GET", "/deliverytargets/7/getbatches/0001-01-01") == 2
    assert not platform.lost()


def test_batch_ids_listed_in_capitals_are_not_delivered_again(service):
    service.targets[7].entries = lambda batch: batch | {"id": batch["id"].upper()}
    platform = Platform(service)
    for _ in range(3):
        service.approve(7, 30)
        synced(platform)
        service.now += timedelta(days=2)
    assert not platform.lost()
    assert not platform.repeated()
    assert service.calls()[2] == 0


def test_batch_that_is_too_large_ends_the_attempts_after_two(service, monkeypatch):
    monkeypatch.setattr(answer_limits, "LARGEST_ANSWER", 4000)
    service.approve(7, 25)
    service.targets[7].oddities = {number: {"data": "x" * 900} for number in service.targets[7].approved}
    platform = Platform(service)
    assert synced(platform) == ["SF"]
    assert service.calls()[0] == 2
    monkeypatch.undo()
    synced(platform)
    assert not platform.lost()


def test_reset_that_is_answered_with_an_empty_200_counts(service):
    service.approve(7, 25)
    service.deliver(7)
    service.spoil = lambda when, path: "empty" if when == "after" and "resetbatch" in path else None
    platform = Platform(service)
    assert synced(platform) == ["R" * 25 + "SS"]
    assert service.calls()[2] == 1
    assert not platform.lost()


def test_list_that_the_service_cuts_is_a_warning_with_its_length(service, caplog):
    service.start_over(7, batch_size=1, most_listed=50)
    service.approve(7, 60)
    platform = Platform(service)
    platform.sync()  # and no state of it is committed
    with caplog.at_level(logging.WARNING):
        synced(platform)
    assert caplog.messages == [CUT]
