"""A few hundred odd answers; `make soak` sends 100,000."""

import pytest

from integration_tests.soak.fuzz import fuzz, fuzzed_sandbox


@pytest.mark.parametrize("wire", ["observed", "documented"])
def test_odd_answers_end_with_a_reason_and_show_no_value(wire):
    with fuzzed_sandbox(wire) as sandbox:
        runs = dict(fuzz(sandbox, wire, seed=0, answers=150))
    assert {name: run.problems for name, run in runs.items() if run.problems} == {}
    assert sum(run.fuzzer.mutated for run in runs.values()) >= 150
