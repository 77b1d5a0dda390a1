"""The state of all targets together: emitted in order, and never before the records that it confirms."""

import threading
from datetime import date

from airbyte_cdk.sources.message import InMemoryMessageRepository

from source_powerschool_enrollment.deliveries.state import TargetState
from source_powerschool_enrollment.deliveries.stream import DeliveryCursor

FIRST = date(2026, 8, 1)


def targets_in(message):
    return set(message.state.stream.stream_state.delivery_targets)


def test_target_waits_until_the_state_of_another_is_queued():
    cursor = DeliveryCursor({}, InMemoryMessageRepository())
    queue, other_is_queued = [], threading.Event()

    def settle_the_other():
        queue.extend(cursor.settle(8, TargetState(FIRST)))
        other_is_queued.set()

    settling = cursor.settle(7, TargetState(FIRST))
    message = next(settling)
    other = threading.Thread(target=settle_the_other)
    other.start()
    assert not other_is_queued.wait(0.1)
    queue.append(message)
    assert list(settling) == []
    other.join()
    assert [targets_in(message) for message in queue] == [{"7"}, {"7", "8"}]


def test_emitted_state_does_not_change_afterwards():
    cursor = DeliveryCursor({}, InMemoryMessageRepository())
    first, *_ = cursor.settle(7, TargetState(FIRST, ("a",)))
    list(cursor.settle(7, TargetState(FIRST, ("a", "b"))))
    assert first.state.stream.stream_state.delivery_targets["7"]["settled"] == ["a"]


def test_only_a_sync_that_settled_nothing_emits_the_given_state():
    repository = InMemoryMessageRepository()
    cursor = DeliveryCursor({"7": TargetState(FIRST, ("a",))}, repository)
    cursor.ensure_at_least_one_state_emitted()
    assert [targets_in(message) for message in repository.consume_queue()] == [{"7"}]
    list(cursor.settle(7, TargetState(FIRST, ("a", "b"))))
    cursor.ensure_at_least_one_state_emitted()
    assert list(repository.consume_queue()) == []
