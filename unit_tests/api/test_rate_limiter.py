"""When the next request may start."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest

from powerschool_enrollment_api.retry import RateLimiter


def starts_of(limiter, virtual_time, *, threads, each):
    """Return the sorted start times of the requests, of which each thread sends `each`."""
    starts, lock, ready = [], threading.Lock(), threading.Barrier(threads)

    def work():
        ready.wait()
        for _ in range(each):
            limiter.wait_for_turn()
            with lock:
                starts.append(virtual_time.clock())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(starts)


@pytest.mark.parametrize("threads", [1, 8])
def test_requests_of_all_threads_start_evenly_spaced(virtual_time, threads):
    limiter = RateLimiter(120, clock=virtual_time.clock, sleep=virtual_time.sleep)

    starts = starts_of(limiter, virtual_time, threads=threads, each=10)

    assert starts[0] == 1000
    assert all(later - earlier == pytest.approx(0.5) for earlier, later in pairwise(starts))


def test_no_request_waits_without_a_rate_limit(virtual_time):
    limiter = RateLimiter(None, clock=virtual_time.clock, sleep=virtual_time.sleep)

    starts_of(limiter, virtual_time, threads=4, each=10)

    assert virtual_time.slept == []


def test_a_hold_stops_every_thread(virtual_time):
    limiter = RateLimiter(None, clock=virtual_time.clock, sleep=virtual_time.sleep)
    limiter.hold(30)

    assert starts_of(limiter, virtual_time, threads=4, each=1) == [1030] * 4


def test_the_longer_of_two_holds_counts(virtual_time):
    limiter = RateLimiter(None, clock=virtual_time.clock, sleep=virtual_time.sleep)
    limiter.hold(30)
    limiter.hold(5)

    limiter.wait_for_turn()

    assert virtual_time.clock() == 1030


def test_rate_limit_applies_after_a_hold(virtual_time):
    limiter = RateLimiter(60, clock=virtual_time.clock, sleep=virtual_time.sleep)
    limiter.hold(30)

    assert starts_of(limiter, virtual_time, threads=4, each=1) == [1030, 1031, 1032, 1033]


def test_a_hold_also_stops_a_thread_that_already_waits_for_its_turn(virtual_time):
    holds = [40.0]

    def sleep(seconds):
        if holds:
            limiter.hold(holds.pop())  # the service asks another thread for a pause in the meantime
        virtual_time.sleep(seconds)

    limiter = RateLimiter(6, clock=virtual_time.clock, sleep=sleep)
    limiter.wait_for_turn()
    limiter.wait_for_turn()

    assert virtual_time.clock() == 1040
