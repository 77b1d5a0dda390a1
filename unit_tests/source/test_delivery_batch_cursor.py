"""The state of the stream `batches`: only what a sync may have written is passed to the CDK."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_powerschool_enrollment.deliveries.batch_cursor import readable_state

TODAY = date(2026, 9, 1)
KEYS = st.sampled_from(["states", "state", "date", "partition", "cursor", "lookback_window", "2026-08-01"]) | st.text()
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | KEYS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(KEYS, children, max_size=4),
    max_leaves=12,
)


def partition(target, day):
    return {"partition": {"delivery_target_id": target, "parent_slice": {}}, "cursor": {"date": day}}


def written(*partitions, newest="2026-09-01", **more):
    return {
        "use_global_cursor": False,
        "states": list(partitions),
        "state": {"date": newest},
        "lookback_window": 1,
    } | more


def test_state_that_a_sync_has_written_is_kept():
    state = written(partition(7, "2026-08-31"), partition(8, "2026-09-01"))
    assert readable_state(state | {"parent_state": {}}, TODAY) == (state, False)
    assert readable_state({"use_global_cursor": False, "states": [], "lookback_window": 0}, TODAY)[1] is False
    assert readable_state({"date": "2026-08-31"}, TODAY) == ({"date": "2026-08-31"}, False)
    assert readable_state({}, TODAY) == ({}, False)


def test_future_date_of_a_target_drops_its_cursor_and_the_newest_date():
    state = written(partition(7, "2099-01-01"), partition(8, "2026-08-31"))
    kept = {"use_global_cursor": False, "states": [partition(8, "2026-08-31")]}
    assert readable_state(state, TODAY) == (kept, True)


@pytest.mark.parametrize(
    "damage",
    [
        {"states": None},
        {"states": [7]},
        {"states": [{"partition": "7", "cursor": {"date": "2026-08-31"}}]},
        {"states": [{"partition": {}, "cursor": ["2026-08-31"]}]},
        {"states": {"7": "2026-08-31"}},
        {"state": {"date": "2099-01-01"}},
        {"state": ["2026-08-31"]},
        {"lookback_window": "soon"},
        {"lookback_window": 10**30},
        {"lookback_window": -1},
    ],
)
def test_damaged_part_and_the_newest_date_are_dropped(damage):
    state, is_damaged = readable_state(written() | damage, TODAY)
    assert state == {"use_global_cursor": False, "states": []}
    assert is_damaged


@given(st.dictionaries(KEYS, ANY_JSON, max_size=5))
def test_any_json_has_a_readable_state(value):
    state, _ = readable_state(value, TODAY)
    assert readable_state(state, TODAY) == (state, False)
