"""Reading a whole record list for another stream: pages are forwarded as they complete, and none is lost."""

import threading
from types import SimpleNamespace

import pytest
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition

from source_powerschool_enrollment.records.each_record import _as_they_come

WORKERS = 2
SOON = 20.0


class RefusedError(Exception):
    pass


class Page(Partition):
    def __init__(self, number, *, waits_for=None, fails=False):
        self.number = number
        self.fails = fails
        self.waits_for = waits_for

    def read(self):
        if self.waits_for:
            assert self.waits_for.wait(SOON)
        if self.fails:
            raise RefusedError
        yield self.number

    def to_slice(self):
        return {"page": self.number}

    def stream_name(self):
        return "records"

    def __hash__(self):
        return self.number


class Records:
    """A record list that generates pages and remembers which were closed."""

    name = "records"

    def __init__(self, pages):
        self.pages = pages
        self.generated = 0
        self.closed = []
        self.cursor = SimpleNamespace(close_partition=lambda page: self.closed.append(page.number))

    def generate_partitions(self):
        for page in self.pages:
            self.generated += 1
            yield page


def take(page):
    return [(number, ()) for number in page]


def numbers(shown):
    return sorted(number for page in shown for number, _ in page)


def test_a_page_goes_on_while_the_next_one_is_not_even_known():
    first_has_come = threading.Event()

    def pages():
        yield Page(1)
        assert first_has_come.wait(SOON)
        yield Page(2)

    shown = _as_they_come(Records(pages()), WORKERS, take)
    assert numbers([next(shown)]) == [1]
    first_has_come.set()
    assert numbers(shown) == [2]


def test_a_slow_page_holds_up_no_other():
    others_have_come = threading.Event()
    shown = _as_they_come(Records([Page(1, waits_for=others_have_come), Page(2), Page(3)]), WORKERS, take)
    assert numbers([next(shown), next(shown)]) == [2, 3]
    others_have_come.set()
    assert numbers(shown) == [1]


def test_pages_are_not_read_far_ahead_of_the_consumer():
    records = Records([Page(number) for number in range(100)])
    shown = _as_they_come(records, WORKERS, take)
    taken = [next(shown)]
    assert records.generated <= 3 * WORKERS + 2
    taken += shown
    assert numbers(taken) == sorted(records.closed) == list(range(100))


def test_a_page_that_fails_fails_the_read_after_all_others_were_read():
    records = Records([Page(number, fails=number == 3) for number in range(10)])
    shown = []
    with pytest.raises(RefusedError):
        shown.extend(_as_they_come(records, WORKERS, take))
    assert numbers(shown) == sorted(records.closed) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_a_record_that_cannot_be_used_fails_the_read_and_its_page_is_closed_because_the_list_waits_for_that():
    def refuse(_):
        raise RefusedError

    records = Records([Page(number) for number in range(10)])
    with pytest.raises(RefusedError):
        list(_as_they_come(records, WORKERS, refuse))
    assert sorted(records.closed) == list(range(10))


def test_pages_that_cannot_be_generated_fail_the_read():
    def pages():
        yield Page(1)
        raise RefusedError

    with pytest.raises(RefusedError):
        list(_as_they_come(Records(pages()), WORKERS, take))
