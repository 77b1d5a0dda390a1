import pytest

from destination_powerschool_enrollment.protocol import StateMessage
from destination_powerschool_enrollment.state_tracker import StateTracker

A, B = (None, "a"), ("public", "b")


def stream_state(stream, number):
    return StateMessage({"id": number}, stream)


def released(tracker):
    return [
        (message["state"]["id"], *message["state"]["destinationStats"].values())
        for message in (state.message for state in tracker.released())
        if message
    ]


@pytest.fixture
def tracker():
    return StateTracker()


def test_state_before_any_row_is_released_immediately(tracker):
    tracker.add_state(stream_state(A, 1))
    assert released(tracker) == [(1, 0, 0)]


def test_states_are_released_in_order_of_the_input(tracker):
    first = tracker.add_row()
    tracker.add_state(stream_state(A, 1))
    second = tracker.add_row()
    tracker.add_state(stream_state(A, 2))
    tracker.settle(second, A, accepted=True)
    assert released(tracker) == []
    tracker.settle(first, A, accepted=True)
    assert released(tracker) == [(1, 1, 0), (2, 1, 0)]
    assert released(tracker) == []


def test_state_counts_the_rows_of_its_stream_since_the_last_one(tracker):
    for stream in (A, B, A):
        tracker.settle(tracker.add_row(), stream, accepted=True)
    tracker.add_state(stream_state(A, 1))
    tracker.settle(tracker.add_row(), A, accepted=False)
    tracker.add_state(stream_state(B, 2))
    tracker.add_state(stream_state(A, 3))
    assert released(tracker) == [(1, 2, 0), (2, 1, 0), (3, 0, 1)]


@pytest.mark.parametrize("state", [{"type": "GLOBAL", "global": {}, "id": 2}, {"data": {}, "id": 2}])
def test_global_or_legacy_state_counts_rows_of_all_streams(tracker, state):
    for stream in (A, B):
        tracker.settle(tracker.add_row(), stream, accepted=True)
    tracker.add_state(stream_state(A, 1))
    tracker.add_state(StateMessage(state))
    assert released(tracker) == [(1, 1, 0), (2, 1, 0)]


def test_states_after_a_rejected_row_are_held_back():
    tracker = StateTracker(holds_back_after_rejection=True)
    tracker.settle(tracker.add_row(), A, accepted=True)
    tracker.add_state(stream_state(A, 1))
    late = tracker.add_row()
    tracker.add_state(stream_state(A, 2))
    tracker.settle(tracker.add_row(), A, accepted=True)
    tracker.add_state(stream_state(A, 3))
    tracker.settle(late, A, accepted=False)
    assert released(tracker) == [(1, 1, 0)]


def test_held_back_states_are_released_without_a_message():
    tracker = StateTracker(holds_back_all=True)
    tracker.add_state(StateMessage({}, size=7))
    assert [(state.message, state.size) for state in tracker.released()] == [(None, 7)]
