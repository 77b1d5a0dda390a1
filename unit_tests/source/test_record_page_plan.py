"""Which pages are read again. No record that exists throughout a read is missed."""

from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerschool_enrollment_api import Page
from source_powerschool_enrollment.records.page_plan import FormPlan


def page(number, ids, record_count, size=2):
    return Page(number, size, -(-record_count // size), record_count, [{"id": one} for one in ids])


def plan_of(*answers):
    """Return a plan that took these answers one after the other."""
    plan = FormPlan()
    for answer in answers:
        plan.take(answer.number, answer, requested_after=plan.answers)
    return plan


def test_unchanged_form_is_read_in_one_pass():
    plan = plan_of(page(1, [1, 2], 5), page(3, [5], 5), page(2, [3, 4], 5))
    assert plan.next_round() == []
    assert not plan.doubtful


def test_empty_form_is_complete_after_its_first_page():
    plan = plan_of(page(1, [], 0))
    assert plan.next_round() == []
    assert not plan.doubtful


def test_a_removal_puts_both_sides_of_one_boundary_in_doubt():
    plan = plan_of(page(1, [1, 2], 8), page(2, [3, 4], 8), page(3, [6, 7], 7), page(4, [8], 7))
    assert plan.next_round() == [2, 3]


def test_pages_read_again_without_a_change_are_not_in_doubt():
    plan = plan_of(page(1, [1, 2], 8), page(2, [3, 4], 8), page(3, [6, 7], 7), page(4, [8], 7))
    plan.next_round()
    for again in (page(2, [3, 5], 7), page(3, [6, 7], 7)):
        plan.take(again.number, again, requested_after=plan.answers)
    assert plan.next_round() == []
    assert not plan.doubtful


def test_pages_that_a_growing_form_gains_are_read_too():
    plan = plan_of(page(1, [1, 2], 4), page(2, [3, 4], 5))
    assert 3 in plan.next_round()


def test_a_form_that_loses_its_last_page_is_complete_without_it():
    plan = plan_of(page(1, [1, 2], 3), page(2, [], 2))
    assert plan.next_round() == [1, 2]
    for again in (page(1, [1, 2], 2), page(2, [], 2)):
        plan.take(again.number, again, requested_after=plan.answers)
    assert plan.next_round() == []
    assert not plan.doubtful


def test_id_on_two_pages_restarts_the_pass():
    plan = plan_of(page(1, [4, 2], 6), page(2, [1, 3], 6), page(3, [6, 4], 6))
    assert plan.next_round() == [1, 2, 3]
    assert plan.shared == {1, 3}


def test_change_in_an_unsorted_list_restarts_the_pass():
    plan = plan_of(page(1, [4, 2], 6), page(2, [1, 3], 6), page(3, [6], 5))
    assert plan.next_round() == [1, 2, 3]


def test_changed_page_size_restarts_the_pass():
    plan = plan_of(page(1, [1, 2], 5), page(2, [2], 5, size=1))
    assert plan.next_round() == [1, 2, 3, 4, 5]


def test_a_last_page_may_give_its_own_length_as_its_size():
    plan = plan_of(page(1, [1, 2], 5), page(2, [3, 4], 5), Page(3, 1, 3, 5, [{"id": 5}]))
    assert plan.next_round() == []


def test_short_page_is_read_again_once_and_then_accepted():
    plan = plan_of(page(1, [1], 4), page(2, [3, 4], 4))
    assert plan.next_round() == [1]
    plan.take(1, page(1, [1], 4), requested_after=plan.answers)
    assert plan.next_round() == []
    assert plan.unlisted == 1


def test_form_that_keeps_changing_ends_with_pages_in_doubt():
    plan, records = FormPlan(), count(100)
    rounds, numbers = 0, [1, 2, 3]
    while numbers:
        for number in numbers:
            plan.take(number, page(number, [number], next(records), size=1), requested_after=plan.answers)
        rounds, numbers = rounds + 1, plan.next_round()
    assert rounds <= 11
    assert plan.doubtful


class ChangingForm:
    """A list of records that may change after each snapshot: some are added, some are removed, or some are moved.

    If the list is sorted by id, records are added at one end, and never moved. `throughout` has the ids of those that
    were never removed.
    """

    def __init__(self, chance, probability=None, most_changes=1000):
        self.chance = chance
        self.order = chance.choice(["rising", "falling", "other"])
        self.ids = list(range(1, chance.randint(1, 26)))
        self.size = chance.randint(2 if self.order == "other" else 1, 6)
        self.probability = chance.choice([0, 0.05, 0.2, 0.5]) if probability is None else probability
        self.changes_left = most_changes
        self._new = count(1000)
        if self.order == "falling":
            self.ids.reverse()
        elif self.order == "other":
            for place in range(0, len(self.ids) - 1, 2):
                self.ids[place : place + 2] = reversed(self.ids[place : place + 2])
        self.throughout = set(self.ids)

    def change(self):
        if not self.changes_left or self.chance.random() > self.probability:
            return
        self.changes_left -= 1
        apply = self.chance.choice([self._insert, self._remove, self._move][: 3 if self.order == "other" else 2])
        for _ in range(self.chance.choice([1, 1, 1, 2, 3, 8])):
            apply()

    def snapshot(self, number):
        shown = self.ids[(number - 1) * self.size : number * self.size]
        return page(number, shown, len(self.ids), self.size)

    def _insert(self):
        place = {"rising": len(self.ids), "falling": 0, "other": self._anywhere()}[self.order]
        self.ids.insert(place, next(self._new))

    def _remove(self):
        if self.ids:
            self.throughout.discard(self.ids.pop(self.chance.randrange(len(self.ids))))

    def _move(self):
        if self.ids:
            moved = self.ids.pop(self.chance.randrange(len(self.ids)))
            self.ids.insert(self._anywhere(), moved)

    def _anywhere(self):
        return self.chance.choice([0, len(self.ids), self.chance.randint(0, len(self.ids))])


def read_whole(form, chance):
    """Read with several workers, whose requests and answers overtake each other. Return the plan and emitted ids."""
    plan, emitted, workers = FormPlan(), set(), chance.choice([1, 2, 3, 6])
    waiting, in_flight, answered = [1], [], []
    numbers = None
    while numbers is None or numbers:
        while waiting or in_flight or answered:
            step = chance.choice(["request"] * bool(waiting) + ["answer"] * bool(in_flight) + ["take"] * bool(answered))
            if step == "request" and len(in_flight) + len(answered) < workers:
                in_flight.append((waiting.pop(0), plan.answers))
            elif step == "answer":
                number, answers_before = in_flight.pop(chance.randrange(len(in_flight)))
                answered.append((form.snapshot(number), answers_before))
                form.change()
            elif step == "take":
                answer, answers_before = answered.pop(chance.randrange(len(answered)))
                plan.take(answer.number, answer, answers_before)
                emitted.update(record["id"] for record in answer.records)
                if numbers is None:
                    waiting, numbers = list(range(2, answer.page_count + 1)), []
        numbers = plan.next_round()
        waiting = list(numbers)
    return plan, emitted


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 2**32))
def test_no_record_is_missed_unless_the_plan_reports_doubt(seed):
    chance = Random(seed)
    form = ChangingForm(chance)
    plan, emitted = read_whole(form, chance)
    assert plan.doubtful or form.throughout <= emitted


@pytest.mark.parametrize("seed", range(200))
def test_form_that_changes_once_is_read_completely(seed):
    chance = Random(seed)
    form = ChangingForm(chance, probability=0.2, most_changes=1)
    plan, emitted = read_whole(form, chance)
    assert not plan.doubtful
    assert form.throughout <= emitted


def read_form(records, *, claimed_size, shown_per_page, page_count, repeats_last=False):
    """Read a form whose metadata claim a page size and a page count. Return the plan, the ids and the pages read."""

    def answer(number):
        place = min(number, max(1, -(-records // shown_per_page))) if repeats_last else number
        ids = range(records)[(place - 1) * shown_per_page : place * shown_per_page]
        return Page(number, claimed_size, page_count, records, [{"id": one} for one in ids])

    plan, ids, pages = FormPlan(), set(), 1
    first = answer(1)
    ids.update(plan.take(1, first, 0).ids)
    following = list(range(2, plan.page_count + 1))
    while following:
        for number in following:
            ids.update(plan.take(number, answer(number), plan.answers).ids)
        pages += len(following)
        following = plan.next_round()
    return plan, ids, pages


@pytest.mark.parametrize("repeats_last", [False, True])
@pytest.mark.parametrize("claimed_page_count", ["of the shown size", "of the claimed size", "0", "1"])
def test_form_is_complete_without_a_warning_if_pages_are_smaller_than_they_claim(claimed_page_count, repeats_last):
    for records in (*range(30), 130, 400):
        for claimed, shown in ((2, 1), (5, 3), (5, 5), (12, 5), (25, 2), (100, 7)):
            counts = {"of the shown size": -(-records // shown), "of the claimed size": -(-records // claimed)}
            page_count = counts.get(claimed_page_count)
            plan, ids, pages = read_form(
                records,
                claimed_size=claimed,
                shown_per_page=shown,
                page_count=int(claimed_page_count) if page_count is None else page_count,
                repeats_last=repeats_last,
            )
            assert (len(ids), plan.unlisted, plan.doubtful) == (records, 0, frozenset())
            assert pages <= 5 * -(-records // shown) + 2


def test_many_pages_beyond_a_page_count_are_read():
    plan, ids, _ = read_form(1000, claimed_size=2, shown_per_page=2, page_count=1)
    assert (len(ids), plan.unlisted) == (1000, 0)
