"""Errors in the configured catalog name each stream that cannot be read, and what to do."""

import logging

import pytest
from airbyte_cdk.models import AirbyteStream, ConfiguredAirbyteCatalog, ConfiguredAirbyteStream, FailureType, SyncMode
from airbyte_cdk.models import DestinationSyncMode as Destination
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_powerschool_enrollment import SourcePowerschoolEnrollment

UNREACHABLE = {"api_key": "sandbox-key", "base_url": "http://127.0.0.1:9"}  # a request would fail with another error
CONSUME = {"deliveries": {"mode": "consume", "delivery_target_ids": [7], "start_date": "2026-08-01"}}


def refusal(options, *selected):
    """Return the problems of reading these streams, each given as (name, sync mode)."""
    catalog = ConfiguredAirbyteCatalog(
        [ConfiguredAirbyteStream(AirbyteStream(name, {}, [mode]), mode, Destination.append) for name, mode in selected]
    )
    config = {**UNREACHABLE, **options}
    with pytest.raises(AirbyteTracedException) as caught:
        next(iter(SourcePowerschoolEnrollment(catalog, config).read(logging.getLogger(), config, catalog)))
    assert caught.value.failure_type is FailureType.config_error
    return caught.value.message


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (
            ("rooster_records", SyncMode.full_refresh),
            "Unknown stream rooster_records; did you mean roster_records? Refresh the source's schema.",
        ),
        (
            ("delivered_records", SyncMode.incremental),
            (
                "The stream delivered_records exists only if the option deliveries has the mode consume: "
                "set that option, or refresh the source's schema."
            ),
        ),
        (
            ("documents", SyncMode.full_refresh),
            (
                "The stream documents exists only if the option documents names a field: "
                "set that option, or refresh the source's schema."
            ),
        ),
    ],
)
def test_unknown_stream_is_refused_before_any_request(selected, expected):
    assert refusal({}, ("checklists", SyncMode.full_refresh), selected) == expected


def test_each_unknown_stream_gets_a_suggestion():
    message = refusal({}, ("batch", SyncMode.incremental), ("checklist", SyncMode.full_refresh))
    assert "did you mean batches?" in message
    assert "did you mean checklists?" in message


@pytest.mark.parametrize("mode", SyncMode)
def test_stream_that_is_listed_twice_is_refused(mode):
    message = refusal({}, ("checklists", mode), ("batches", mode), ("checklists", SyncMode.full_refresh))
    assert message == "The catalog has the stream checklists twice."


def test_deliveries_are_never_read_as_a_full_refresh():
    message = refusal(CONSUME, ("delivered_records", SyncMode.full_refresh))
    assert message == "The stream delivered_records has no full refresh: select the sync mode incremental for it."
