"""The digests of a record stream's pages: which pages are known, also after the state was damaged."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_powerschool_enrollment.records.page_state import PageDigests, digest_of

FORM, OTHER = 30011, 30014
DIGEST = digest_of([{"id": 1}])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text() | st.just(str(FORM)), children, max_size=4)
    ),
    max_leaves=12,
)


def written():
    digests = PageDigests("settings", {})
    for form in (FORM, OTHER):
        for page in (1, 2):
            digests.remember(form, page, DIGEST)
    return digests.as_state()


def test_digests_are_read_as_they_are_written():
    digests = PageDigests("settings", written())
    assert digests.knows(FORM, 2, DIGEST)
    assert digests.page_count() == 4
    assert digests.as_state() == written()


def test_digests_of_other_settings_are_unknown():
    assert not PageDigests("others", written()).knows(FORM, 1, DIGEST)


@pytest.mark.parametrize("damage", [None, 7, ["a"], {"a": 1}, "A", "é", "T9oqWIFkP6mR ", "*" * 12, "===="])
def test_damaged_digests_of_one_form_are_unknown_and_those_of_others_are_kept(damage):
    state = written()
    state["published_actions"][str(FORM)] = damage
    digests = PageDigests("settings", state)
    assert not digests.knows(FORM, 1, DIGEST)
    assert digests.knows(OTHER, 1, DIGEST)


def test_truncated_digests_are_known_up_to_the_cut():
    state = written()
    state["published_actions"][str(FORM)] = b64encode(DIGEST + DIGEST[:3]).decode()
    digests = PageDigests("settings", state)
    assert digests.knows(FORM, 1, DIGEST)
    assert not digests.knows(FORM, 2, DIGEST)
    digests.remember(FORM, 2, DIGEST)
    assert digests.as_state() == written()


@given(ANY_JSON, ANY_JSON)
def test_any_json_as_a_state_knows_no_page(settings, forms):
    for state in ({"settings": settings}, written() | {"published_actions": forms}):
        digests = PageDigests("settings", state)
        assert not digests.knows(FORM, 1, DIGEST)
        digests.remember(FORM, 1, DIGEST)
        assert digests.knows(FORM, 1, DIGEST)
        assert PageDigests("settings", digests.as_state()).knows(FORM, 1, DIGEST)


@pytest.mark.parametrize(("with_large_states", "states"), [(False, 64), (True, 7)])
def test_large_states_are_few_although_many_forms_have_changed_pages(with_large_states, states):
    digests = PageDigests("settings", {})
    for form in range(64):
        digests.remember(form, 1, DIGEST)
    again = PageDigests("settings", digests.as_state(), with_large_states=with_large_states)
    assert sum(again.suspend(form, 1) for form in range(64)) == states


def test_forgotten_pages_are_those_that_the_sync_did_not_read():
    digests = PageDigests("settings", written())
    digests.remember(FORM, 1, DIGEST)
    digests.forget_unread()
    digests.resume()
    assert digests.knows(FORM, 1, DIGEST)
    assert not digests.knows(FORM, 2, DIGEST)
    assert str(OTHER) not in digests.as_state()["published_actions"]
    assert not PageDigests("settings", digests.as_state()).knows(FORM, 2, DIGEST)
