"""The circuit breaker stops a stream after 10 consecutive partition failures."""

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record

from source_powerschool_enrollment.circuit_breaker import MOST_FAILURES, CircuitBreaker


class RefusedError(Exception):
    pass


class NumberedPartition(Partition):
    """Yields one record, or fails. `reads` counts how often it was read."""

    def __init__(self, number, *, fails):
        self.number = number
        self.fails = fails
        self.reads = 0

    def read(self):
        self.reads += 1
        if self.fails:
            raise RefusedError
        yield Record({"id": self.number}, "things")

    def to_slice(self):
        return {"number": self.number}

    def stream_name(self):
        return "things"

    def __hash__(self):
        return self.number


def ids_of(partition):
    """Return the ids that a partition reads; None if it fails."""
    try:
        return [record.data["id"] for record in partition.read()]
    except RefusedError:
        return None


def outcomes(partitions):
    """Read each partition as soon as it is generated."""
    return [ids_of(partition) for partition in CircuitBreaker(lambda: iter(partitions)).generate()]


def failing(count):
    return [NumberedPartition(number, fails=True) for number in range(count)]


def test_a_few_failures_do_not_stop_other_reads():
    few = MOST_FAILURES - 1
    partitions = [*failing(few), *(NumberedPartition(number, fails=False) for number in range(few, 100))]
    assert outcomes(partitions) == [None] * few + [[number] for number in range(few, 100)]


def test_failures_between_successes_do_not_stop_the_stream():
    partitions = [NumberedPartition(number, fails=number % MOST_FAILURES != 0) for number in range(50 * MOST_FAILURES)]
    expected = [None if partition.fails else [partition.number] for partition in partitions]
    assert outcomes(partitions) == expected


def test_failures_count_in_the_order_in_which_reads_end():
    succeeding, *others = CircuitBreaker(
        lambda: [NumberedPartition(7, fails=False), *failing(MOST_FAILURES + 1)]
    ).generate()
    begun = succeeding.read()
    next(begun)
    *first, tenth, eleventh = others
    assert list(map(ids_of, first)) == [None] * (MOST_FAILURES - 1)
    assert next(begun, None) is None  # its read begins before the failures, and ends after them
    assert [ids_of(tenth), ids_of(eleventh)] == [None, None]


def test_success_after_the_circuit_breaker_opens_does_not_close_it(caplog):
    succeeding, *others = CircuitBreaker(
        lambda: [NumberedPartition(7, fails=False), *failing(MOST_FAILURES + 1)]
    ).generate()
    begun = succeeding.read()
    next(begun)
    assert list(map(ids_of, others[:-1])) == [None] * MOST_FAILURES
    assert next(begun, None) is None
    assert ids_of(others[-1]) == []
    assert len(caplog.messages) == 1


def test_too_many_failures_stop_the_requests_with_one_warning(caplog):
    partitions = failing(100)
    assert outcomes(partitions) == [None] * MOST_FAILURES
    assert sum(partition.reads for partition in partitions) == MOST_FAILURES
    assert caplog.messages == [f"things: {MOST_FAILURES} requests in a row have failed; no more are sent."]


def test_open_circuit_breaker_stops_partitions_that_were_generated_earlier():
    generated = list(CircuitBreaker(lambda: failing(100)).generate())
    assert list(map(ids_of, generated)) == [None] * MOST_FAILURES + [[]] * (100 - MOST_FAILURES)


def test_generation_is_completed_after_the_circuit_breaker_opens():
    partitions = iter(failing(100))
    assert outcomes(partitions) == [None] * MOST_FAILURES
    assert next(partitions, None) is None


def test_each_read_of_the_stream_counts_from_zero():
    stream = CircuitBreaker(lambda: failing(MOST_FAILURES))
    for _ in range(2):
        assert [ids_of(partition) for partition in stream.generate()] == [None] * MOST_FAILURES


def test_partition_has_the_slice_and_stream_of_the_one_it_wraps():
    (partition,) = CircuitBreaker(lambda: [NumberedPartition(7, fails=False)]).generate()
    assert (partition.to_slice(), partition.stream_name()) == ({"number": 7}, "things")
