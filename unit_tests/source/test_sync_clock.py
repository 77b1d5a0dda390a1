"""The times of records ascend, even if the machine's clock is wrong or is set back."""

from datetime import datetime, timedelta, timezone

import pytest

from source_powerschool_enrollment.records.sync_clock import SyncClock, text_of

NOON = datetime(2026, 8, 1, 12, tzinfo=timezone.utc)
STEP = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _warnings(caplog):
    caplog.set_level("WARNING", "airbyte")


def clock_after(state, *shown):
    times = iter([NOON, *shown])
    return SyncClock.after(state, "roster_records", lambda: next(times))


def test_times_of_a_correct_clock_are_not_changed(caplog):
    clock = clock_after({"synced_at": text_of(NOON - timedelta(days=1))}, NOON, NOON + STEP)
    assert (clock.now(), clock.now(), caplog.text) == (NOON, NOON + STEP, "")


def test_times_ascend_although_the_clock_is_set_back_in_between():
    clock = clock_after({}, NOON, NOON - timedelta(hours=1), NOON, NOON + timedelta(hours=1))
    assert [clock.now() for _ in range(4)] == [NOON, NOON + STEP, NOON + 2 * STEP, NOON + timedelta(hours=1)]


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(minutes=11), timedelta(days=3)])
def test_times_continue_after_those_of_the_state(ahead, caplog):
    clock = clock_after({"synced_at": text_of(NOON + ahead)}, NOON, NOON + ahead + timedelta(hours=1))
    assert [clock.now(), clock.now()] == [NOON + ahead + STEP, NOON + ahead + timedelta(hours=1)]
    assert ("synced_at continues after the state's time" in caplog.text) == (ahead > timedelta(minutes=10))


def test_warning_shows_both_times(caplog):
    clock_after({"synced_at": "2026-08-02T00:00:00.000000Z"})
    (line,) = caplog.messages
    assert line.startswith(
        "roster_records: the state contains the time 2026-08-02T00:00:00.000000Z, and this machine's clock shows "
        "2026-08-01T12:00:00.000000Z."
    )


@pytest.mark.parametrize("stored", ["2028-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
def test_implausible_time_of_a_state_is_ignored_with_a_warning(stored, caplog):
    clock = clock_after({"synced_at": stored}, NOON)
    assert (clock.as_state(), clock.now()) == ({}, NOON)
    assert "The state's time is ignored" in caplog.text


@pytest.mark.parametrize(
    "stored",
    [None, 7, "", "Z", "yesterday", "2026-13-01T00:00:00Z", "2026-09-01", "0001-01-01T00:00:00+14:00", [], {}],
)
def test_damaged_time_of_a_state_is_ignored(stored, caplog):
    clock = clock_after({"synced_at": stored}, NOON)
    assert (clock.now(), caplog.text) == (NOON, "")


def test_state_has_the_latest_time_that_was_used():
    clock = clock_after({}, NOON, NOON + STEP, NOON + 2 * STEP)
    first, second, _ = clock.now(), clock.now(), clock.now()
    assert clock.as_state() == {}
    clock.use(second)
    clock.use(first)
    assert clock.as_state() == {"synced_at": text_of(second)}


def test_state_of_a_sync_without_records_has_the_time_of_the_last_state():
    state = {"synced_at": text_of(NOON - timedelta(days=1))}
    clock = clock_after(state, NOON)
    clock.now()
    assert clock.as_state() == state
