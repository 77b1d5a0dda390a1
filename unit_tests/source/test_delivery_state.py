"""The state of a delivery target: which batches are orphans, and which ids are removed from the state."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.deliveries.state import ListedBatch, TargetState, read_states, write_states

FIRST = date(2026, 8, 1)

KEYS = st.sampled_from(["since", "settled", "not_found", "2026-08-01"]) | st.text()
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | KEYS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(KEYS, children, max_size=4),
    max_leaves=12,
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def listed(*batches: tuple[str, int | None]) -> list[ListedBatch]:
    return [ListedBatch(name, None if number is None else day(number)) for name, number in batches]


def test_a_batch_that_is_not_settled_is_an_orphan():
    state = TargetState(FIRST, ("a", "b"))
    assert state.orphans_in(listed(("a", 0), ("b", 1), ("c", 1))) == ["c"]


def test_batch_dated_before_since_is_not_an_orphan():
    assert TargetState(day(2)).orphans_in(listed(("a", 0), ("b", 1), ("c", 2))) == ["c"]


def test_batch_without_a_readable_date_is_an_orphan_until_it_is_settled():
    state = TargetState(day(2))
    assert state.orphans_in(listed(("a", None))) == ["a"]
    assert state.with_reset(["a"]).advanced(listed(("a", None)), day(9)).orphans_in(listed(("a", None))) == []


@pytest.mark.parametrize(
    ("count", "first_day", "expected"),
    [(50, 0, True), (100, None, True), (50, -1, False), (49, 1, False), (0, 1, False)],
)
def test_list_of_a_round_number_of_batches_may_be_incomplete(count, first_day, expected):
    batches = listed(*((str(number), first_day) for number in range(count)))
    assert TargetState(FIRST).may_be_incomplete(batches) is expected


def test_batch_that_is_settled_twice_is_in_the_state_once():
    assert TargetState(FIRST).with_created("a").with_created("a").settled == ("a",)


def test_batch_ids_are_compared_without_case():
    state = TargetState(FIRST, ("ab-1", "CD-2"), {"Ef-3": 2})
    batches = listed(("AB-1", 1), ("cd-2", 2), ("eF-3", 2))
    assert state.orphans_in(batches) == ["eF-3"]
    assert state.with_created("AB-1") == state
    assert state.with_not_found(["eF-3"], state.not_found).not_found_too_often() == ["eF-3"]
    assert state.with_reset(["EF-3"]).not_found == {}
    assert state.advanced(listed(("AB-1", 1), ("cd-2", 9)), day(9)).settled == ("CD-2",)


def test_since_is_three_days_before_newest_batch_and_older_ids_are_removed():
    batches = listed(("a", 0), ("b", 5), ("c", 8), ("d", 10))
    state = TargetState(FIRST, ("a", "b", "c", "d")).advanced(batches, today=day(10))
    assert state == TargetState(day(7), ("c", "d"))
    assert state.orphans_in(batches) == []


def test_since_does_not_follow_a_service_clock_that_is_ahead():
    assert TargetState(FIRST, ("a",)).advanced(listed(("a", 400)), today=day(5)) == TargetState(day(2), ("a",))


def test_since_does_not_follow_a_local_clock_that_is_ahead():
    assert TargetState(FIRST, ("a",)).advanced(listed(("a", 5)), today=day(400)) == TargetState(day(2), ("a",))


def test_since_never_goes_back():
    assert TargetState(day(9), ("a",)).advanced(listed(("a", 9)), today=day(9)).since == day(9)
    assert TargetState(day(9), ("a",)).advanced([], today=day(90)) == TargetState(day(9), ("a",))


def test_since_does_not_pass_a_batch_that_is_not_settled():
    batches = listed(("a", 1), ("b", 20), ("c", 40))
    state = TargetState(FIRST, ("b", "c")).advanced(batches, today=day(40))
    assert state == TargetState(day(1), ("b", "c"))
    assert state.orphans_in(batches) == ["a"]


def test_since_stays_while_a_batch_without_a_date_is_not_settled():
    batches = listed(("a", None), ("b", 40))
    assert TargetState(FIRST, ("b",)).advanced(batches, today=day(40)).since == FIRST
    assert TargetState(FIRST, ("a", "b")).advanced(batches, today=day(40)).since == day(37)


def test_batch_not_found_is_counted_once_in_a_sync_and_given_up_in_the_third():
    first = TargetState(FIRST).with_not_found(["a", "b"], {}).with_not_found(["a"], {})
    assert first.not_found == {"a": 1}
    second = first.with_not_found(["a"], first.not_found)
    assert second.not_found_too_often() == []
    third = second.with_not_found(["a"], second.not_found)
    assert third.not_found_too_often() == ["a"]
    assert third.with_reset(["a"]) == TargetState(FIRST, ("a",))


def test_a_settled_batch_that_the_list_does_not_show_yet_is_remembered():
    state = TargetState(FIRST, ("a", "new")).advanced(listed(("a", 0)), today=day(30))
    assert state.settled == ("a", "new")


def test_settled_batch_that_is_no_longer_listed_is_removed_with_a_later_one():
    state = TargetState(FIRST, ("gone", "a", "b")).advanced(listed(("a", 1), ("b", 9)), today=day(9))
    assert state.settled == ("b",)


def test_late_orphan_with_an_old_date_keeps_newer_batches():
    state = TargetState(FIRST, ("hidden",)).with_reset(["late"]).advanced(listed(("late", 0), ("x", 9)), day(9))
    assert "hidden" in state.settled


def test_the_state_stays_small_over_a_year_of_a_thousand_batches():
    state, history, largest = TargetState(FIRST), [], 0
    for number in range(1000):
        today = day(number * 365 // 1000)
        shown = [batch for batch in history if batch.delivered_on >= state.since - timedelta(days=2)]
        assert state.orphans_in(shown) == []
        batch = ListedBatch(f"11fdbe9d-801a-4b8e-bc12-a2d8f7ac{number:04d}", today)
        state = state.advanced(shown, today).with_created(batch.id)
        history.append(batch)
        largest = max(largest, len(str(write_states({"123": state}))))
    assert largest < 1_000


@given(ANY_JSON)
def test_any_json_is_a_state_or_refused(value):
    for stream_state in (value if isinstance(value, dict) else {}, {"delivery_targets": value}):
        with suppress(InvalidOption):
            states = read_states(stream_state)
            assert read_states(write_states(states)) == states


@given(st.lists(st.integers(0, 40), max_size=60), st.lists(st.integers(0, 60), min_size=1, max_size=10))
def test_settled_batches_are_never_orphans_and_late_ones_are_found(days, syncs):
    batches = listed(*((str(number), on) for number, on in enumerate(sorted(days))))
    state = TargetState(FIRST, tuple(batch.id for batch in batches))
    newest = max((batch.delivered_on for batch in batches), default=FIRST)
    for today in sorted(syncs):
        state = state.advanced(batches, day(today))
        late = ListedBatch("late", max(FIRST, min(newest, day(today)) - timedelta(days=3)))
        assert state.orphans_in([*batches, late]) == ["late"]


def test_the_state_is_written_as_it_is_read():
    written = {"delivery_targets": {"123": {"since": "2026-08-01", "settled": ["a", "b"]}}}
    assert write_states(read_states(written)) == written
    written["delivery_targets"]["123"]["not_found"] = {"c": 2}
    assert write_states(read_states(written)) == written
    assert read_states({}) == {}


@pytest.mark.parametrize("not_found", [None, [], "a", 3, {"a": "2"}, {"a": True}, {"a": -1}, {"a": 10**400}, {"a": {}}])
def test_counts_that_cannot_be_read_are_dropped(not_found):
    written = {"since": "2026-08-01", "settled": ["a"], "not_found": not_found}
    assert read_states({"delivery_targets": {"1": written}}) == {"1": TargetState(FIRST, ("a",))}


@pytest.mark.parametrize(
    "targets",
    [
        ["a"],
        {"1": []},
        {"1": {"since": "soon", "settled": []}},
        {"1": {"since": "2026-08-01"}},
        {"1": {"since": 20260801, "settled": []}},
        {"1": {"since": "2026-08-01", "settled": "ab"}},
        {"1": {"since": "2026-08-01", "settled": [["a"]]}},
        {"1": {"since": "2026-08-01", "settled": {"a": 1}}},
    ],
)
def test_a_state_of_another_shape_is_refused_with_what_to_do(targets):
    with pytest.raises(InvalidOption, match="restore it, or clear it"):
        read_states({"delivery_targets": targets})
