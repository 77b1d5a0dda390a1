from pathlib import Path

import pytest

from integration_tests.quality.outcomes import (
    DOES_NOT_APPLY,
    FAILED,
    KINDS,
    NEEDS_A_NETWORK,
    PASSED,
    Outcome,
    differences,
    documented,
    totals,
)

PAGE = (Path(__file__).parents[2] / "docs" / "quality.md").read_text()


def found(status, check="Icons"):
    return [Outcome(check, "source", status, "")]


@pytest.mark.parametrize("kind", KINDS)
def test_totals_of_the_page_are_the_sums_of_its_rows(kind):
    statuses = [status for (_, of), status in documented(PAGE).items() if of == kind]
    (last_row,) = [line for line in PAGE.splitlines() if line.startswith("| **Of 30**")]
    assert len(statuses) == 30
    assert last_row.split("|")[2 + KINDS.index(kind)].strip() == totals(statuses)
    assert f"{kind}, 30 checks: {totals(statuses)}\n" in PAGE


def test_every_check_that_fails_or_needs_a_network_is_explained():
    explained = PAGE.partition("## Failed, and why")[2]
    checks = {check for (check, _), status in documented(PAGE).items() if status in {FAILED, NEEDS_A_NETWORK}}
    assert [check for check in checks if check.partition(" for dependency")[0] not in explained] == []


@pytest.mark.parametrize("status", [PASSED, FAILED, NEEDS_A_NETWORK, DOES_NOT_APPLY])
def test_outcomes_listed_on_the_page_are_expected(status):
    assert list(differences({("Icons", "source"): status}, found(status))) == []


def test_check_that_needs_a_network_may_pass():
    assert list(differences({("Icons", "source"): NEEDS_A_NETWORK}, found(PASSED))) == []


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        (PASSED, FAILED),
        (PASSED, NEEDS_A_NETWORK),
        (PASSED, DOES_NOT_APPLY),
        (FAILED, PASSED),
        (NEEDS_A_NETWORK, FAILED),
    ],
)
def test_any_other_status_is_unexpected(expected, status):
    (difference,) = differences({("Icons", "source"): expected}, found(status))
    assert difference == f"source: 'Icons' {status}; docs/quality.md states: {expected}."


def test_added_or_removed_check_is_unexpected():
    assert len(list(differences({("Icons", "source"): PASSED}, found(PASSED, "Logos")))) == 2
