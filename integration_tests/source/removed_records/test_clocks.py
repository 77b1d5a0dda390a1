"""The machine's clock is set back between two syncs, over a socket: the warehouse has the newer version of a record."""

from datetime import timedelta

import pytest

from integration_tests.source.removed_records.history import Warehouse
from integration_tests.source.removed_records.tombstones import DELETED_AT, remove
from integration_tests.source.stream_read import read_stream
from source_powerschool_enrollment.records.sync_clock import utc_now


@pytest.fixture
def sync(options):
    """Sync the roster into a warehouse while the machine's clock is this many hours fast, and return the read."""

    def sync(warehouse, hours=0):
        clock_offset = timedelta(hours=hours)
        read = read_stream(options, "roster_records", warehouse.state, machine_time=lambda: utc_now() + clock_offset)
        warehouse.load(read.messages, with_unconfirmed=False)
        return read

    return sync


@pytest.mark.parametrize("hours", [-1, -24 * 30])
def test_newer_version_wins_after_the_clock_was_set_back(forms, sync, hours):
    warehouse = Warehouse()
    sync(warehouse)
    record_id = forms[0].roster.ids()[2]
    for number in range(3):
        forms[0].roster.edit(record_id, status=f"Held {number}")
        sync(warehouse, hours * (number + 1))
        assert warehouse.rows[record_id]["status"] == f"Held {number}"


def test_tombstone_and_restored_record_win_after_the_clock_was_set_back(forms, sync):
    warehouse = Warehouse()
    sync(warehouse)
    (record,) = remove(forms[0].roster, 2)
    sync(warehouse, -5)
    assert DELETED_AT in warehouse.rows[record["id"]]
    forms[0].roster.put(record, 2)
    sync(warehouse, -10)
    assert DELETED_AT not in warehouse.rows[record["id"]]


def test_no_state_has_an_earlier_time_than_a_record_before_it(forms, sync):
    warehouse = Warehouse()
    sync(warehouse)
    for form in forms:
        for place in (1, 6, 11):
            form.roster.edit(form.roster.ids()[place], status="Held")
    remove(forms[0].roster, 2)
    latest = ""
    for message in sync(warehouse).messages:
        if hasattr(message, "data"):
            latest = max(latest, message.data["synced_at"])
        else:
            assert vars(message.state.stream.stream_state)["synced_at"] >= latest
    assert latest


def test_state_of_an_earlier_version_has_no_time_and_is_used(forms, sync):
    warehouse = Warehouse()
    sync(warehouse)
    del vars(warehouse.state[0].stream.stream_state)["synced_at"]
    forms[0].roster.edit(forms[0].roster.ids()[2], status="Held")
    assert len(sync(warehouse).records) == 5


def test_implausible_time_in_a_state_does_not_reach_a_record(forms, sync, caplog):
    warehouse = Warehouse()
    sync(warehouse)
    vars(warehouse.state[0].stream.stream_state)["synced_at"] = "9999-12-31T23:59:59.999999Z"
    forms[0].roster.edit(forms[0].roster.ids()[2], status="Held")
    read = sync(warehouse)
    assert {record["synced_at"] < "2100" for record in read.records} == {True}
    assert read.states[-1]["synced_at"] < "2100"
    assert "The state's time is ignored" in caplog.text
