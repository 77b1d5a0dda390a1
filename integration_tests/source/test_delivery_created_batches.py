"""Odd answers to `createbatch` over a socket: no delivery is lost or repeated."""

import logging

import pytest

from integration_tests.source.delivery_platform import Platform, sync_and_confirm
from integration_tests.source.wrong_delivery_answers import without_records
from powerschool_enrollment_api import answer_limits

UNKNOWN_RECORDS = (
    "Delivery target 7: createbatch answered without a list of records. Batch {batch} counts as empty, "
    "and the next sync resets it."
)


@pytest.fixture(params=[lambda batch: batch, lambda batch: [batch]], ids=["object", "list of one"])
def wire(request):
    """Return a function that gives the answer of `createbatch` one of the two shapes."""
    return request.param


def with_capital_keys(batch):
    return {"ID": batch["id"], "Date": batch["date"], "Records": batch["records"]}


def test_keys_of_a_batch_are_case_insensitive(service, wire):
    service.targets[7].answers = lambda batch: wire(with_capital_keys(batch))
    service.approve(7, 30)
    platform = Platform(service)
    assert sync_and_confirm(platform) == ["R" * 25 + "S" + "R" * 5 + "SS"]
    assert not platform.lost()
    assert service.calls()[2] == 0


@pytest.mark.parametrize("odd", [without_records, lambda batch: batch | {"records": None}], ids=["missing", "null"])
def test_batch_without_records_is_not_settled_and_the_next_sync_resets_it(service, wire, odd, caplog):
    service.targets[7].answers = lambda batch: wire(odd(batch))
    service.approve(7, 25)
    platform = Platform(service)
    with caplog.at_level(logging.WARNING):
        assert sync_and_confirm(platform) == ["S"]
    (batch,) = service.targets[7].batches
    assert caplog.messages == [UNKNOWN_RECORDS.format(batch=batch.id)]
    service.targets[7].answers = wire
    assert sync_and_confirm(platform) == ["R" * 25 + "SS"]
    assert not platform.lost()


def test_service_that_omits_the_records_of_empty_batches_loses_and_repeats_nothing(service):
    service.targets[7].answers = lambda batch: batch if batch["records"] else without_records(batch)
    platform = Platform(service)
    for _ in range(4):
        service.approve(7, 30)
        assert sync_and_confirm(platform) == ["R" * 25 + "S" + "R" * 5 + "SS"]
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
    assert sync_and_confirm(platform, times=2) == ["SF", "SF"]
    service.targets[7].answers = lambda batch: batch
    sync_and_confirm(platform)
    assert not platform.lost()


def test_batch_that_is_too_large_ends_the_attempts_after_two(service, monkeypatch):
    monkeypatch.setattr(answer_limits, "LARGEST_ANSWER", 4000)
    service.approve(7, 25)
    service.targets[7].oddities = {number: {"data": "x" * 900} for number in service.targets[7].approved}
    platform = Platform(service)
    assert sync_and_confirm(platform) == ["SF"]
    assert service.calls()[0] == 2
    monkeypatch.undo()
    sync_and_confirm(platform)
    assert not platform.lost()
