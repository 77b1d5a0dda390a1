"""Deliveries over a socket where the service answers something odd: nothing is lost, and nothing is blocked."""

import logging

import pytest

from integration_tests.source.delivery_platform import Platform, shape

UNKNOWN_RECORDS = (
    "Delivery target 7: createbatch answered without a list of records. Batch {batch} counts as empty, "
    "and the next sync resets it."
)


@pytest.fixture(params=[lambda batch: batch, lambda batch: [batch]], ids=["object", "list of one"])
def wire(request):
    """Return the answer of `createbatch` in one of both shapes."""
    return request.param


def without_records(batch):
    return {key: value for key, value in batch.items() if key != "records"}


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


def test_keys_of_a_batch_are_read_in_any_capitals(service, wire):
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
