"""Tests of what the platform requires of each destination, independent of the service that it writes to.

A destination's test class inherits the tests, and defines how to run the destination (`Harness`):

    class TestWriteContract(WriteContract):
        @pytest.fixture
        def harness(self, service, tmp_path): ...
"""

import copy
import itertools
import json
import random
import time
from collections import Counter
from typing import Any, Protocol

import pytest

STREAMS = ("first", "second", "third")


class Run(Protocol):
    """A running `write`: lines in, messages out."""

    states: list[dict[str, Any]]
    everything: str
    code: int

    def send(self, *messages: Any) -> None: ...
    def end(self, timeout: float = 60) -> Any: ...
    def kill(self) -> None: ...
    def wait_for_states(self, count: int) -> None: ...


class Harness(Protocol):
    """A destination and its service. Each row has a unique `number`, and a `key` that several rows may have."""

    def start(self, *, workers: int = 16, skips_rejected: bool = False, killable: bool = False) -> Run:
        """Start `write` for the streams in STREAMS; if `killable`, in a process that can be killed."""

    def row(self, stream: str, number: int, key: str) -> dict[str, Any]:
        """Return a RECORD message."""

    def answer_unreliably(self, seed: int) -> None:
        """Answer with random delays and temporary failures from now on."""

    def reject(self, numbers: set[int]) -> None:
        """Reject the rows with these numbers."""

    def written(self) -> set[int]:
        """Return the numbers of the rows that the service has answered."""

    def spans(self) -> list[tuple[str, int, float, float]]:
        """Return key, number, begin and end of each answered request, in the order of arrival."""


def state_message(number: int, stream: str) -> dict[str, Any]:
    """Return a STATE message, stream, global or legacy in turn, with unknown keys and values that a copy might lose."""
    odd = {"cursor": number, "big": 2**70, "float": 1.5, "text": "naïve ☃ \u2028", "null": None, "list": [{}, []]}
    descriptor = {"name": stream, "namespace": None, "extra": True}
    streams = [{"stream_descriptor": {"name": name}, "stream_state": odd} for name in STREAMS]
    kinds: list[dict[str, Any]] = [
        {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": odd, "unknown": 1}},
        {"type": "GLOBAL", "global": {"shared_state": odd, "stream_states": streams, "unknown": [1]}},
        {"data": odd},
    ]
    state = kinds[number % 3]
    return {"type": "STATE", "state": {**state, "id": number, "sourceStats": {"recordCount": 1.0}, "new": {"a": 1}}}


def without_stats(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "destinationStats"}


class WriteContract:
    """Tests for any destination."""

    @pytest.fixture
    def harness(self) -> Harness:
        raise NotImplementedError

    def test_states_are_returned_unchanged_in_order_once_and_after_their_rows(self, harness: Harness) -> None:
        harness.answer_unreliably(seed=7)
        harness.reject(set(range(40, 600, 40)))
        messages, rows_before = random_messages(harness, random.Random(5), rows=600)
        run = harness.start(skips_rejected=True)
        run.send(*messages)
        run.end(120)
        sent = [message["state"] for message in messages if message["type"] == "STATE"]
        assert run.code == 0, run.everything
        assert [without_stats(state) for state in run.states] == sent
        assert {state["id"] for state in run.states} == set(rows_before)
        self._assert_counts(messages, run.states, rejected=set(range(40, 600, 40)))

    def test_a_state_waits_for_the_slowest_row_before_it(self, harness: Harness) -> None:
        harness.answer_unreliably(seed=11)
        messages, rows_before = random_messages(harness, random.Random(5), rows=200)
        run = harness.start()
        run.send(*messages)
        seen = 0
        deadline = time.monotonic() + 60
        while seen < len(rows_before) and time.monotonic() < deadline:
            states = run.states
            for state in states[seen:]:
                assert rows_before[state["id"]] <= harness.written()
            seen = len(states)
        run.end()
        assert seen == len(rows_before)

    def test_state_is_emitted_while_the_source_is_silent(self, harness: Harness) -> None:
        run = harness.start()
        run.send(harness.row("first", 1, "a"), state_message(0, "first"))
        run.wait_for_states(1)
        run.send(harness.row("first", 2, "a"), state_message(1, "first"))
        run.wait_for_states(2)
        run.end()
        assert run.code == 0

    @pytest.mark.parametrize("seed", range(10))
    def test_killed_sync_printed_no_state_before_its_rows_were_written(self, harness: Harness, seed: int) -> None:
        kill_once(harness, seed)

    def test_rows_of_one_key_are_sent_in_order_one_at_a_time(self, harness: Harness) -> None:
        randomness = random.Random(3)
        harness.answer_unreliably(seed=3)
        rows = [(str(randomness.randrange(100)), number) for number in range(1000)]
        run = harness.start()
        run.send(*(harness.row("first", number, key) for key, number in rows))
        run.end(120)
        assert run.code == 0, run.everything
        by_key: dict[str, list[tuple[int, float, float]]] = {}
        for key, number, begin, end in harness.spans():
            by_key.setdefault(key, []).append((number, begin, end))
        expected = {key: [n for k, n in rows if k == key] for key, _ in rows}
        assert {key: list(dict.fromkeys(n for n, _, _ in spans)) for key, spans in by_key.items()} == expected
        for spans in by_key.values():
            assert all(end <= begin for (_, _, end), (_, begin, _) in itertools.pairwise(spans))

    def test_after_a_rejected_row_all_rows_are_tried_and_no_state_is_emitted(self, harness: Harness) -> None:
        harness.reject({15})
        messages = []
        for number in range(30):
            messages.append(harness.row("first", number, str(number)))
            if number % 10 == 9:
                messages.append(state_message(number, "first"))
        run = harness.start()
        run.send(*messages)
        run.end()
        assert run.code == 1
        assert [state["id"] for state in run.states] == [9]
        assert harness.written() == set(range(30))

    def test_other_message_types_are_ignored(self, harness: Harness) -> None:
        run = harness.start()
        run.send(
            {"type": "LOG", "log": {"level": "INFO", "message": "hello"}},
            {"type": "UNKNOWN_TYPE", "payload": 1},
            "",
            {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1}},
            harness.row("first", 1, "a"),
            state_message(0, "first"),
        )
        run.end()
        assert run.code == 0
        assert len(run.states) == 1
        assert harness.written() == {1}

    def test_row_of_an_unconfigured_stream_fails_the_sync_before_the_next_state(self, harness: Harness) -> None:
        run = harness.start()
        run.send(
            harness.row("first", 1, "a"),
            state_message(0, "first"),
            harness.row("not configured", 5, "a"),
            state_message(1, "first"),
        )
        run.end()
        assert run.code == 1
        assert [state["id"] for state in run.states] == [0]
        assert "a row of the stream not configured, which is not in the configured catalog" in run.everything
        assert harness.written() == {1}

    @pytest.mark.parametrize("line", ['{"type": "RECORD", "rec', "[1]", '{"a": 1}', '{"type": "RECORD", "record": 1}'])
    def test_error_for_a_malformed_line_contains_only_its_number(self, harness: Harness, line: str) -> None:
        run = harness.start()
        line = line.replace("rec", "rec-Vertraulich-")
        run.send(harness.row("first", 1, "a"), state_message(0, "first"), line, state_message(1, "first"))
        run.end()
        assert run.code == 1
        assert "Line 3 " in run.everything
        assert "Vertraulich" not in run.everything
        assert [state["id"] for state in run.states] == [0]

    def _assert_counts(self, messages: list[dict[str, Any]], states: list[dict[str, Any]], rejected: set[int]) -> None:
        """Assert that accepted and rejected rows since a stream's last state add up to the rows received since then."""
        confirmed = iter(states)
        since: Counter[str] = Counter()
        rejected_since: Counter[str] = Counter()
        number = -1
        for message in messages:
            if message["type"] == "RECORD":
                number += 1
                since[message["record"]["stream"]] += 1
                rejected_since[message["record"]["stream"]] += number in rejected
                continue
            state = message["state"]
            is_stream = state.get("type") == "STREAM"
            names = [state["stream"]["stream_descriptor"]["name"]] if is_stream else list(STREAMS)
            stats = next(confirmed)["destinationStats"]
            expected = sum(since.pop(name, 0) for name in names)
            expected_rejected = sum(rejected_since.pop(name, 0) for name in names)
            assert stats["rejectedRecordCount"] == expected_rejected
            assert stats["recordCount"] + stats["rejectedRecordCount"] == expected


def random_messages(
    harness: Harness, randomness: random.Random, rows: int
) -> tuple[list[dict[str, Any]], dict[int, set[int]]]:
    """Return RECORD and STATE messages of the streams, and the numbers of the rows before each state."""
    messages: list[dict[str, Any]] = []
    rows_before: dict[int, set[int]] = {}
    for number in range(rows):
        stream = randomness.choice(STREAMS)
        messages.append(harness.row(stream, number, f"{stream}-{randomness.randrange(rows // 2)}"))
        if randomness.random() < 0.1 or number == rows - 1:
            state_id = len(rows_before)
            messages.append(state_message(state_id, randomness.choice(STREAMS)))
            rows_before[state_id] = set(range(number + 1))
    return copy.deepcopy(messages), rows_before


def kill_once(harness: Harness, seed: int) -> int:
    """Kill a sync at a random moment, and assert that the rows before its states are written.

    Return the number of states that the sync had printed.
    """
    randomness = random.Random(seed)
    harness.answer_unreliably(seed)
    messages, rows_before = random_messages(harness, randomness, rows=300)
    run = harness.start(killable=True)
    run.send(*messages)
    run.wait_for_states(1)
    time.sleep(randomness.random() * 0.6)
    run.kill()
    states = run.states
    written = harness.written()
    for state in states:
        assert rows_before[state["id"]] <= written, json.dumps(state)
    assert [state["id"] for state in states] == list(range(len(states)))
    return len(states)
