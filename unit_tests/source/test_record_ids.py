"""The ids in a record stream's state: how they are written, what remains of a damaged state, and which are missing."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_powerschool_enrollment.context import PublishedActionIds
from source_powerschool_enrollment.records.record_ids import RecordIds, decoded, encoded

FORM, OTHER = 30011, 30014
BOTH = PublishedActionIds(frozenset([FORM, OTHER]), (FORM, OTHER))
IDS = st.sets(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(5_100_000, 5_100_400))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text() | st.just(str(FORM)), children, max_size=4)
    ),
    max_leaves=12,
)


def state_with(**ids):
    """Return a state with these ids: `published_actions`, and `unlisted`."""
    return {"record_ids": {"settings": "settings", **ids}}


def after_reading(state, shown, *, complete=(FORM, OTHER)):
    """Return the ids after a read that showed these ids by form."""
    ids = RecordIds("settings", state)
    for form, of_form in shown.items():
        ids.note_shown(form, array("q", of_form))
    for form in complete:
        ids.note_complete(form)
    return ids


@given(IDS)
def test_ids_are_read_as_they_are_written(ids):
    assert list(decoded(encoded(ids))) == sorted(ids)


@pytest.mark.parametrize("gap", [1, 2, 100])
def test_dense_ids_take_less_than_a_byte_and_a_half_each(gap):
    assert len(encoded(range(5_100_001, 5_100_001 + 50_000 * gap, gap))) < 50_000 * 4 / 3 + 20


@pytest.mark.parametrize("damage", ["A", "é", "gA==", "AA==", "4qO3goCAgICAAQA=", "////////////////", 7, None, ["x"]])
def test_damaged_ids_of_a_form_are_dropped_and_those_of_others_are_not(damage):
    state = state_with(published_actions={str(FORM): damage, str(OTHER): encoded({1, 2})})
    (missing,) = after_reading(state, {FORM: [7], OTHER: [1]}).compare(BOTH)
    assert (missing.form, missing.ids) == (OTHER, {2})


@given(ANY_JSON, ANY_JSON)
def test_any_json_as_a_state_has_no_missing_ids(whole, forms):
    for state in ({"record_ids": whole}, state_with(published_actions=forms, unlisted=forms)):
        ids = after_reading(state, {FORM: [7]})
        assert [missing for missing in ids.compare(BOTH) if missing.form in {FORM, OTHER}] == []
        assert decoded(ids.as_state()["published_actions"][str(FORM)]) == array("q", [7])


def test_ids_of_other_settings_are_dropped():
    state = state_with(published_actions={str(FORM): encoded({1, 2})})
    ids = RecordIds("others", state)
    ids.note_complete(FORM)
    assert ids.compare(BOTH) == []


def test_missing_ids_stay_in_the_state_until_they_are_settled():
    ids = after_reading(state_with(published_actions={str(FORM): encoded({1, 2, 3})}), {FORM: [1]})
    (missing,) = ids.compare(BOTH)
    assert (missing.ids, missing.known) == ({2, 3}, 3)
    ids.settle(FORM, 2)
    assert list(decoded(ids.as_state()["published_actions"][str(FORM)])) == [1, 3]


def test_id_that_another_form_showed_is_not_missing():
    state = state_with(published_actions={str(FORM): encoded({1, 2}), str(OTHER): encoded({3})})
    ids = after_reading(state, {FORM: [1], OTHER: [2, 3]})
    assert ids.compare(BOTH) == []
    assert list(decoded(ids.as_state()["published_actions"][str(FORM)])) == [1]


def test_form_that_was_not_read_completely_keeps_its_ids():
    ids = after_reading(state_with(published_actions={str(FORM): encoded({1, 2})}), {FORM: [3]}, complete=())
    assert ids.compare(BOTH) == []
    assert list(decoded(ids.as_state()["published_actions"][str(FORM)])) == [1, 2, 3]


def test_all_ids_of_a_form_that_is_not_listed_are_missing():
    ids = after_reading(state_with(published_actions={str(FORM): encoded({1, 2})}), {}, complete=())
    (missing,) = ids.compare(PublishedActionIds(frozenset([OTHER]), (OTHER,)))
    assert missing.ids == {1, 2}


def test_id_is_looked_up_again_only_once():
    ids = after_reading(state_with(published_actions={str(FORM): encoded({1, 2})}), {FORM: [1]})
    ids.compare(BOTH)
    ids.settle(FORM, 2, look_up_again=True)
    again = after_reading({"record_ids": ids.as_state()}, {FORM: [1]})
    assert [missing.ids for missing in again.compare(BOTH)] == [{2}]
    again.settle(FORM, 2, look_up_again=True)
    assert "unlisted" not in again.as_state()


def test_only_new_ids_must_be_stated_before_their_records():
    ids = RecordIds("settings", state_with(published_actions={str(FORM): encoded({1, 2})}))
    ids.note_shown(FORM, array("q", [1, 2]))
    assert not ids.has_new_ids(FORM)
    ids.note_shown(FORM, array("q", [2, 3]))
    assert ids.has_new_ids(FORM)
    ids.as_state(is_emitted=True)
    assert not ids.has_new_ids(FORM)
