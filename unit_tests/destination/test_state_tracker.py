import pytest

from destination_powerschool_enrollment.protocol import StateMessage
from destination_powerschool_enrollment.state_tracker import StateTracker

A, B = (None, "a"), ("public", "b")


def stream_state(stream, number):
    return StateMessage({"id": number}, stream)


def released(ledger):
    return [
        (message["state"]["id"], *message["state"]["destinationStats"].values())
        for message in (state.message for state in ledger.released())
        if message
    ]


@pytest.fixture
def ledger():
    return StateTracker()


def test_a_state_before_any_row_leaves_at_once(ledger):
    ledger.add_state(stream_state(A, 1))
    assert released(ledger) == [(1, 0, 0)]


def test_states_leave_in_order_however_rows_are_settled(ledger):
    first = ledger.add_row()
    ledger.add_state(stream_state(A, 1))
    second = ledger.add_row()
    ledger.add_state(stream_state(A, 2))
    ledger.settle(second, A, accepted=True)
    assert released(ledger) == []
    ledger.settle(first, A, accepted=True)
    assert released(ledger) == [(1, 1, 0), (2, 1, 0)]
    assert released(ledger) == []


def test_a_streams_state_counts_its_own_rows_since_its_last_one(ledger):
    for stream in (A, B, A):
        ledger.settle(ledger.add_row(), stream, accepted=True)
    ledger.add_state(stream_state(A, 1))
    ledger.settle(ledger.add_row(), A, accepted=False)
    ledger.add_state(stream_state(B, 2))
    ledger.add_state(stream_state(A, 3))
    assert released(ledger) == [(1, 2, 0), (2, 1, 0), (3, 0, 1)]


@pytest.mark.parametrize("state", [{"type": "GLOBAL", "global": {}, "id": 2}, {"data": {}, "id": 2}])
def test_a_global_or_legacy_state_counts_all_streams(ledger, state):
    for stream in (A, B):
        ledger.settle(ledger.add_row(), stream, accepted=True)
    ledger.add_state(stream_state(A, 1))
    ledger.add_state(StateMessage(state))
    assert released(ledger) == [(1, 1, 0), (2, 1, 0)]


def test_after_a_rejected_row_states_are_held_back_but_those_before_it_leave():
    ledger = StateTracker(holds_back_after_rejection=True)
    ledger.settle(ledger.add_row(), A, accepted=True)
    ledger.add_state(stream_state(A, 1))
    late = ledger.add_row()
    ledger.add_state(stream_state(A, 2))
    ledger.settle(ledger.add_row(), A, accepted=True)
    ledger.add_state(stream_state(A, 3))
    ledger.settle(late, A, accepted=False)
    assert released(ledger) == [(1, 1, 0)]


def test_held_back_states_still_give_their_room_back():
    ledger = StateTracker(holds_back_all=True)
    ledger.add_state(StateMessage({}, size=7))
    assert [(state.message, state.size) for state in ledger.released()] == [(None, 7)]
