"""The backlog: no page is parsed before there is room for its records, and unused room is released."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timezone

import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, Type

from source_powerschool_enrollment.records.backpressure import Backlog, ReaderStopped

TIMEOUT_SECONDS = 20


def message(stream):
    return AirbyteMessage(Type.RECORD, record=AirbyteRecordMessage(stream=stream, data={}, emitted_at=0))


def open_page(room):
    """Parse a page that has arrived."""
    with room.opening():
        pass


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def occupied(backlog):
    """Reserve room for two pages of 1,000 records, which is all room of the backlog, and return the backlog."""
    for _ in range(2):
        backlog.reserve(1000)
    return backlog


def test_a_third_page_waits_until_one_is_written(pool):
    backlog = occupied(Backlog.of_pages(1000))
    third = pool.submit(backlog.reserve, 1000)
    assert not wait([third], timeout=0.2).done
    for _ in backlog.written([message("roster_records")] * 1001, {"roster_records"}):
        pass
    third.result(TIMEOUT_SECONDS)


def test_records_of_other_streams_release_no_room(pool):
    backlog = occupied(Backlog.of_pages(1000))
    third = pool.submit(backlog.reserve, 1000)
    list(backlog.written([message("checklists")] * 2000, {"roster_records"}))
    assert not wait([third], timeout=0.2).done
    backlog.release(1000)
    third.result(TIMEOUT_SECONDS)


def test_unchanged_page_releases_all_its_room(pool):
    backlog = Backlog.of_pages(1000)
    for _ in range(10):
        with backlog.room() as room:
            open_page(room)
    pool.submit(occupied, backlog).result(TIMEOUT_SECONDS)


def test_page_that_fails_half_way_releases_the_unused_room(pool):
    backlog = Backlog.of_pages(1000)

    def fail_half_way():
        with backlog.room() as room:
            open_page(room)
            for number, _ in enumerate(room.forward(range(1000))):
                if number == 499:
                    raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        fail_half_way()
    backlog.release(500)  # those that were forwarded are written
    pool.submit(occupied, backlog).result(TIMEOUT_SECONDS)


def test_page_that_is_valid_after_a_retry_takes_its_room_once(pool):
    backlog = Backlog.of_pages(1000)
    with backlog.room() as room:
        for _ in range(3):
            with pytest.raises(ValueError, match="cut short"), room.opening():
                raise ValueError("cut short")
        with room.opening():
            pass
        backlog.reserve(1000)
        backlog.release(1000)
    pool.submit(occupied, backlog).result(TIMEOUT_SECONDS)


def test_page_may_have_more_records_than_requested(pool):
    backlog = Backlog.of_pages(1000)
    with backlog.room() as room:
        open_page(room)
        list(room.forward(range(3000)))
    waiting = pool.submit(backlog.reserve, 1000)
    assert not wait([waiting], timeout=0.2).done
    backlog.release(3000)
    waiting.result(TIMEOUT_SECONDS)


def test_small_pages_share_the_room_of_large_ones(pool):
    backlog = Backlog.of_pages(50)
    for _ in range(40):
        backlog.reserve(50)
    waiting = pool.submit(backlog.reserve, 50)
    assert not wait([waiting], timeout=0.2).done
    backlog.release(50)
    waiting.result(TIMEOUT_SECONDS)


def test_no_thread_waits_if_records_are_consumed_as_they_come(pool):
    backlog = Backlog()

    def read_much():
        for _ in range(100):
            with backlog.room() as room:
                open_page(room)
                assert len(list(room.forward(range(1000)))) == 1000

    pool.submit(read_much).result(TIMEOUT_SECONDS)


def test_closing_wakes_all_waiting_threads(pool):
    backlog, called = occupied(Backlog.of_pages(1000)), []
    waiting = pool.submit(backlog.reserve, 1000)
    backlog.when_closed(lambda: called.append("before"))
    backlog.close()
    backlog.when_closed(lambda: called.append("after"))
    with pytest.raises(ReaderStopped):
        waiting.result(TIMEOUT_SECONDS)
    with pytest.raises(ReaderStopped):
        backlog.reserve(0)
    assert called == ["before", "after"]


def test_many_readers_and_one_writer_keep_within_the_bound(pool):
    backlog = Backlog.of_pages(1000)
    held, most, lock = 0, 0, threading.Lock()
    queue = []

    def read_pages():
        nonlocal held, most
        for _ in range(25):
            with backlog.room() as room:
                open_page(room)
                with lock:
                    held += 1000
                    most = max(most, held)
                queue.extend(message("roster_records") for _ in room.forward(range(1000)))

    readers = [pool.submit(read_pages) for _ in range(4)]

    def messages():
        nonlocal held
        while not all(reader.done() for reader in readers) or queue:
            if queue:
                yield queue.pop(0)
                with lock:
                    held -= 1

    assert sum(1 for _ in backlog.written(messages(), {"roster_records"})) == 100_000
    for reader in readers:
        reader.result(TIMEOUT_SECONDS)
    assert most <= 2000 + 100  # written records are counted a hundred at a time


def test_broken_page_releases_its_room_until_the_retry(pool):
    backlog = Backlog.of_pages(1000)
    with backlog.room() as room:
        with pytest.raises(ValueError, match="cut short"), room.opening():
            raise ValueError("cut short")
        pool.submit(occupied, backlog).result(TIMEOUT_SECONDS)


def test_synced_at_of_a_waiting_page_is_its_arrival(pool):
    backlog = occupied(Backlog.of_pages(1000))
    with backlog.room() as waiting, backlog.room() as later:
        opened = pool.submit(open_page, waiting)
        wait([opened], timeout=0.2)
        between = datetime.now(timezone.utc)
        backlog.release(2000)
        opened.result(TIMEOUT_SECONDS)
        open_page(later)
        assert waiting.arrived_at < between <= later.arrived_at
