"""Reading a complete record list for another stream: each page is yielded when it is complete, and none is lost."""

import threading
from collections import deque

import pytest

from source_powerschool_enrollment.records.each_record import _in_order_of_completion

WORKERS = 2
BOUND_SECONDS = 20


class RefusedError(Exception):
    pass


class Page:
    def __init__(self, number, *, waits_for=None, fails=False):
        self.number = number
        self.fails = fails
        self.waits_for = waits_for


class Pages:
    """A queue of pages that counts how many were taken."""

    def __init__(self, pages):
        self._pages = deque(pages)
        self._lock = threading.Lock()
        self.taken = 0
        self.is_closed = False

    def take(self):
        with self._lock:
            self.taken += bool(self._pages)
            return self._pages.popleft() if self._pages else None

    def close(self):
        self.is_closed = True


def result_of(page):
    if page.waits_for:
        assert page.waits_for.wait(BOUND_SECONDS)
    if page.fails:
        raise RefusedError
    return [(page.number, ())]


def results(queue):
    return _in_order_of_completion(queue, WORKERS, result_of)


def numbers(found):
    return sorted(number for page in found for number, _ in page)


def test_slow_page_does_not_delay_others():
    others_are_read = threading.Event()
    found = results(Pages([Page(1, waits_for=others_are_read), Page(2), Page(3)]))
    assert numbers([next(found), next(found)]) == [2, 3]
    others_are_read.set()
    assert numbers(found) == [1]


def test_pages_are_not_read_far_ahead_of_the_consumer():
    queue = Pages([Page(number) for number in range(100)])
    found = results(queue)
    first = next(found)
    assert queue.taken <= 2 * WORKERS + 1
    assert numbers([first, *found]) == list(range(100))


def test_a_page_that_fails_fails_the_read_after_all_others_were_read():
    found = []
    with pytest.raises(RefusedError):
        found.extend(results(Pages([Page(number, fails=number == 3) for number in range(10)])))
    assert numbers(found) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_a_consumer_that_stops_closes_the_queue():
    queue = Pages([Page(number) for number in range(100)])
    found = results(queue)
    next(found)
    found.close()
    assert queue.is_closed
