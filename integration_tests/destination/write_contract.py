"""What every destination owes the platform: a suite to inherit, which knows nothing of what is written to.

A destination's test class defines how to run it (`Bench`) and inherits the tests:

    class TestWriteContract(WriteContract):
        @pytest.fixture
        def bench(self, service, tmp_path): ...
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


class Bench(Protocol):
    """A destination and what it writes to, seen through rows that carry a `number` and a `key`."""

    def start(self, *, workers: int = 16, skips_rejected: bool = False, killable: bool = False) -> Run:
        """Start `write` for three streams; `killable`: as a process."""

    def row(self, stream: str, number: int, key: str) -> dict[str, Any]:
        """Return a RECORD message."""

    def misbehave(self, seed: int) -> None:
        """Answer with random delays and passing failures from now on."""

    def reject(self, numbers: set[int]) -> None:
        """Reject the rows with these numbers."""

    def written(self) -> set[int]:
        """The numbers of the rows whose answers were ready."""

    def spans(self) -> list[tuple[str, int, float, float]]:
        """Key, number, begin and end of each answered request, in the order of their arrival."""


def states_of_all_kinds(number: int, stream: str) -> dict[str, Any]:
    """Return a state of one of the three kinds, with unknown keys and values that a careless copy loses."""
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
    """The tests."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise NotImplementedError

    def test_states_are_returned_unchanged_in_order_once_and_after_their_rows(self, bench: Bench) -> None:
        bench.misbehave(seed=7)
        bench.reject(set(range(40, 600, 40)))
        messages, rows_before = self._conversation(bench, rows=600)
        run = bench.start(skips_rejected=True)
        run.send(*messages)
        run.end(120)
        sent = [message["state"] for message in messages if message["type"] == "STATE"]
        assert run.code == 0, run.everything
        assert [without_stats(state) for state in run.states] == sent
        assert {state["id"] for state in run.states} == set(rows_before)
        self._assert_counts(messages, run.states, rejected=set(range(40, 600, 40)))

    def test_a_state_waits_for_the_slowest_row_before_it(self, bench: Bench) -> None:
        bench.misbehave(seed=11)
        messages, rows_before = self._conversation(bench, rows=200)
        run = bench.start()
        run.send(*messages)
        seen = 0
        deadline = time.monotonic() + 60
        while seen < len(rows_before) and time.monotonic() < deadline:
            states = run.states
            for state in states[seen:]:
                assert rows_before[state["id"]] <= bench.written()
            seen = len(states)
        run.end()
        assert seen == len(rows_before)

    def test_state_is_emitted_while_the_source_is_silent(self, bench: Bench) -> None:
        run = bench.start()
        run.send(bench.row("first", 1, "a"), states_of_all_kinds(0, "first"))
        run.wait_for_states(1)
        run.send(bench.row("first", 2, "a"), states_of_all_kinds(1, "first"))
        run.wait_for_states(2)
        run.end()
        assert run.code == 0

    @pytest.mark.parametrize("seed", range(10))
    def test_no_state_was_printed_before_its_rows_were_written_when_killed(self, bench: Bench, seed: int) -> None:
        kill_once(bench, seed)

    def test_rows_of_a_key_go_in_order_and_never_two_at_once(self, bench: Bench) -> None:
        randomness = random.Random(3)
        bench.misbehave(seed=3)
        rows = [(str(randomness.randrange(100)), number) for number in range(1000)]
        run = bench.start()
        run.send(*(bench.row("first", number, key) for key, number in rows))
        run.end(120)
        assert run.code == 0, run.everything
        by_key: dict[str, list[tuple[int, float, float]]] = {}
        for key, number, begin, end in bench.spans():
            by_key.setdefault(key, []).append((number, begin, end))
        expected = {key: [n for k, n in rows if k == key] for key, _ in rows}
        assert {key: list(dict.fromkeys(n for n, _, _ in spans)) for key, spans in by_key.items()} == expected
        for spans in by_key.values():
            assert all(end <= begin for (_, _, end), (_, begin, _) in itertools.pairwise(spans))

    def test_after_a_rejected_row_all_rows_are_tried_and_no_state_is_emitted(self, bench: Bench) -> None:
        bench.reject({15})
        messages = []
        for number in range(30):
            messages.append(bench.row("first", number, str(number)))
            if number % 10 == 9:
                messages.append(states_of_all_kinds(number, "first"))
        run = bench.start()
        run.send(*messages)
        run.end()
        assert run.code == 1
        assert [state["id"] for state in run.states] == [9]
        assert bench.written() == set(range(30))

    def test_other_message_types_are_ignored(self, bench: Bench) -> None:
        run = bench.start()
        run.send(
            {"type": "LOG", "log": {"level": "INFO", "message": "hello"}},
            {"type": "NEVER_HEARD_OF", "payload": 1},
            "",
            {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1}},
            bench.row("first", 1, "a"),
            states_of_all_kinds(0, "first"),
        )
        run.end()
        assert run.code == 0
        assert len(run.states) == 1
        assert bench.written() == {1}

    def test_row_of_an_unconfigured_stream_fails_the_sync_before_the_next_state(self, bench: Bench) -> None:
        run = bench.start()
        run.send(
            bench.row("first", 1, "a"),
            states_of_all_kinds(0, "first"),
            bench.row("not configured", 5, "a"),
            states_of_all_kinds(1, "first"),
        )
        run.end()
        assert run.code == 1
        assert [state["id"] for state in run.states] == [0]
        assert "a row of the stream not configured, which is not in the configured catalog" in run.everything
        assert bench.written() == {1}

    @pytest.mark.parametrize("line", ['{"type": "RECORD", "rec', "[1]", '{"a": 1}', '{"type": "RECORD", "record": 1}'])
    def test_error_for_a_malformed_line_contains_only_its_number(self, bench: Bench, line: str) -> None:
        run = bench.start()
        line = line.replace("rec", "rec-Vertraulich-")
        run.send(bench.row("first", 1, "a"), states_of_all_kinds(0, "first"), line, states_of_all_kinds(1, "first"))
        run.end()
        assert run.code == 1
        assert "Line 3 " in run.everything
        assert "Vertraulich" not in run.everything
        assert [state["id"] for state in run.states] == [0]

    def _conversation(self, bench: Bench, rows: int) -> tuple[list[dict[str, Any]], dict[int, set[int]]]:
        return conversation(bench, random.Random(5), rows)

    def _assert_counts(self, messages: list[dict[str, Any]], states: list[dict[str, Any]], rejected: set[int]) -> None:
        """Accepted and rejected rows since a stream's last state add up to the rows received since then."""
        confirmed = iter(states)
        since: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        number = -1
        for message in messages:
            if message["type"] == "RECORD":
                number += 1
                since[message["record"]["stream"]] += 1
                refused[message["record"]["stream"]] += number in rejected
                continue
            state = message["state"]
            is_stream = state.get("type") == "STREAM"
            names = [state["stream"]["stream_descriptor"]["name"]] if is_stream else list(STREAMS)
            stats = next(confirmed)["destinationStats"]
            expected = sum(since.pop(name, 0) for name in names)
            expected_rejected = sum(refused.pop(name, 0) for name in names)
            assert stats["rejectedRecordCount"] == expected_rejected
            assert stats["recordCount"] + stats["rejectedRecordCount"] == expected


def conversation(
    bench: Bench, randomness: random.Random, rows: int
) -> tuple[list[dict[str, Any]], dict[int, set[int]]]:
    """Return rows of three streams with states among them, and the rows before each state."""
    messages: list[dict[str, Any]] = []
    rows_before: dict[int, set[int]] = {}
    for number in range(rows):
        stream = randomness.choice(STREAMS)
        messages.append(bench.row(stream, number, f"{stream}-{randomness.randrange(rows // 2)}"))
        if randomness.random() < 0.1 or number == rows - 1:
            identity = len(rows_before)
            messages.append(states_of_all_kinds(identity, randomness.choice(STREAMS)))
            rows_before[identity] = set(range(number + 1))
    return copy.deepcopy(messages), rows_before


def kill_once(bench: Bench, seed: int) -> int:
    """Kill a sync at a random moment; return how many states it had printed. All their rows must be written."""
    randomness = random.Random(seed)
    bench.misbehave(seed)
    messages, rows_before = conversation(bench, randomness, rows=300)
    run = bench.start(killable=True)
    run.send(*messages)
    run.wait_for_states(1)
    time.sleep(randomness.random() * 0.6)
    run.kill()
    states = run.states
    written = bench.written()
    for state in states:
        assert rows_before[state["id"]] <= written, json.dumps(state)
    assert [state["id"] for state in states] == list(range(len(states)))
    return len(states)
