"""Opening answers, in the documented shape and in the observed one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_api import Page, UnexpectedAnswer, open_list, open_one, open_page
from powerschool_enrollment_api.envelope import integer_id

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["metadata", "metaData", "records", "page", "x"]) | st.text(), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def metadata(**changes):
    return {"page": 1, "pageSize": 50, "pageCount": 1, "recordCount": 1, **changes}


def envelope(records=None, **changes):
    return {"metaData": metadata(**changes), "records": [{"id": 7}] if records is None else records}


def test_the_observed_and_the_documented_page_are_the_same_page():
    observed = {"metaData": metadata(), "records": [{"id": 7}]}
    documented = [{"metadata": metadata(), "records": [{"id": 7}]}]

    assert open_page(observed) == open_page(documented) == Page(1, 50, 1, 1, [{"id": 7}])


def test_key_case_is_irrelevant_and_unknown_keys_are_ignored():
    odd = {
        "METADATA": {"Page": 2, "pagesize": 10, "PAGECOUNT": 3, "recordcount": 21, "more": True},
        "Records": [{"id": 1}],
        "links": {},
    }

    assert open_page(odd) == Page(2, 10, 3, 21, [{"id": 1}])


def test_a_form_without_records_is_an_empty_page_in_every_shape():
    assert open_page([]) == Page(1, 0, 0, 0, [])
    assert open_page(envelope([], pageCount=0, recordCount=0)).records == []
    assert open_page([envelope([], pageCount=0, recordCount=0)]).records == []


@pytest.mark.parametrize(("number", "page_count"), [(1, 1), (1, 0), (1, 3), (2, 3), (0, 1)])
def test_a_page_that_claims_records_and_shows_none_is_an_error(number, page_count):
    with pytest.raises(UnexpectedAnswer, match="claims 101 records and shows none"):
        open_page(envelope([], page=number, pageCount=page_count, recordCount=101))


@pytest.mark.parametrize(("number", "page_count"), [(3, 3), (4, 3)])
def test_the_last_page_and_one_after_it_may_be_empty_after_removals(number, page_count):
    assert open_page(envelope([], page=number, pageCount=page_count, recordCount=101)).records == []


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        "text",
        5,
        [[]],
        [{}, {}],
        {"records": []},
        {"metaData": metadata()},
        envelope(records={"id": 1}),
        envelope(records=[1]),
        envelope(records=[None]),
        envelope(page="one"),
        envelope(page=True),
        envelope(page=None),
        envelope(pageCount=1.5),
        envelope(pageCount="1.0"),
        envelope(pageCount=float("inf")),
        envelope(recordCount=-1),
        {"metaData": [metadata()], "records": []},
    ],
)
def test_a_page_of_another_shape_is_unexpected(payload):
    with pytest.raises(UnexpectedAnswer):
        open_page(payload)


@pytest.mark.parametrize("written", [str, float])
def test_numbers_of_a_page_may_be_texts_or_decimals(written):
    odd = {name: written(number) for name, number in metadata(page=2, recordCount=51).items()}

    page = open_page({"metaData": odd, "records": [{"id": 7}]})
    assert repr(page) == repr(Page(2, 50, 1, 51, [{"id": 7}]))


@pytest.mark.parametrize(
    ("sent", "read"),
    [(7, 7), ("7", 7), (7.0, 7), (-7, -7), (2**53 - 1.0, 2**53 - 1), (2**63 - 1, 2**63 - 1)],
)
def test_id_is_an_integer(sent, read):
    assert repr(integer_id(sent)) == repr(read)


@pytest.mark.parametrize(
    "sent", [None, True, 1.5, 2.0**53, float("nan"), 1e300, 2**63, "9" * 20, "9" * 5000, "7.0", "²"]
)
def test_id_that_is_not_certainly_a_64_bit_integer_is_unusable(sent):
    assert integer_id(sent) is None


@pytest.mark.parametrize("opened", [open_page, open_list, open_one])
@given(payload=ANY_JSON)
def test_any_json_is_opened_or_unexpected(opened, payload):
    with suppress(UnexpectedAnswer):
        opened(payload)


@given(
    st.builds(lambda data, records: {"metaData": data, "records": records}, ANY_JSON, ANY_JSON)
    | st.dictionaries(st.sampled_from(["page", "pageSize", "pageCount", "recordCount"]), ANY_JSON).map(
        lambda data: {"metadata": data, "records": []}
    )
)
def test_any_envelope_is_opened_or_unexpected(payload):
    try:
        page = open_page(payload)
    except UnexpectedAnswer:
        return
    assert min(page.number, page.size, page.page_count, page.record_count) >= 0


def test_a_list_is_opened_as_it_is():
    assert open_list([{"id": 1}, {"id": 2}]) == [{"id": 1}, {"id": 2}]
    assert open_list([]) == []


@pytest.mark.parametrize("payload", [None, {}, {"id": 1}, [1], [None], "text"])
def test_anything_but_a_list_of_objects_is_unexpected(payload):
    with pytest.raises(UnexpectedAnswer):
        open_list(payload)


def test_entry_that_is_not_an_object_becomes_an_empty_object():
    assert open_list([{"id": 1}, None, "text", [2]]) == [{"id": 1}, {}, {}, {}]
    assert open_page(envelope([{"id": 1}, None], recordCount=2)).records == [{"id": 1}, {}]


def test_one_object_is_opened_bare_or_alone_in_a_list():
    assert open_one({"id": 1}) == open_one([{"id": 1}]) == {"id": 1}
    assert open_one([]) is None


@pytest.mark.parametrize("payload", [None, 5, "text", [1], [{}, {}]])
def test_answer_without_exactly_one_object_is_unexpected(payload):
    with pytest.raises(UnexpectedAnswer):
        open_one(payload)
