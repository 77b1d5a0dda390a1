"""The configuration: what is wrong is named by its option, and never repeated."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.options import PublishedActionSelection, check_options, search_parameters
from unit_tests.source.test_manifest import SPEC

FORMS = [{"id": 1, "academicYear": "2025-2026"}, {"id": 2, "academicYear": "2026-2027"}]
KEY = {"api_key": "sandbox-key"}


def problem_of(config):
    with pytest.raises(InvalidOption) as caught:
        check_options(config, SPEC)
    return caught.value.message


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "The option api_key is missing."),
        ({"api_key": ""}, "The option api_key is missing."),
        ({"api_key": 734}, "The option api_key must be a text."),
        ({**KEY, "page_size": 0}, "The option page_size must be at least 1."),
        ({**KEY, "page_size": 1001}, "The option page_size must be at most 1000."),
        ({**KEY, "num_workers": "eight"}, "The option num_workers must be a whole number."),
        ({**KEY, "start_date": "1.8.2026"}, "The option start_date must look like YYYY-MM-DD."),
        ({**KEY, "base_url": "ftp://host"}, "The option base_url must look like https://host/api/v1."),
        ({**KEY, "published_actions": {"mode": "ids"}}, "The option published_actions.ids is missing."),
        (
            {**KEY, "published_actions": {"mode": "ids", "ids": ["1"]}},
            "The option published_actions.ids.0 must be a whole number.",
        ),
        (
            {**KEY, "published_actions": {"mode": "some"}},
            "The option published_actions.mode must be one of: all, academic_years, ids.",
        ),
        ({**KEY, "record_search": [{"parameter": "status"}]}, "The option record_search.0.value is missing."),
    ],
)
def test_a_wrong_option_is_named(config, problem):
    assert problem_of(config) == problem


def test_each_of_several_missing_options_is_named():
    config = {**KEY, "deliveries": {"mode": "consume"}}
    assert problem_of(config) == (
        "The option deliveries.delivery_target_ids is missing. The option deliveries.start_date is missing."
    )


@given(st.dictionaries(st.sampled_from(sorted(SPEC["properties"])), st.text(alphabet="§¶", min_size=3), min_size=2))
def test_no_value_is_ever_repeated(config):
    text = problem_of(config)
    assert not any(value in text for value in config.values())


@pytest.mark.parametrize(
    ("misspelt", "problem"),
    [
        ({"pagesize": 50}, "Unknown option pagesize; did you mean page_size?"),
        ({"published_action": {"mode": "all"}}, "Unknown option published_action; did you mean published_actions?"),
        ({"deliverys": {"mode": "disabled"}}, "Unknown option deliverys; did you mean deliveries?"),
        (
            {"documents": [{"field": "a"}, {"field": "b", "filename_field": "c"}]},
            "Unknown option documents.1.filename_field; did you mean documents.1.file_name_field?",
        ),
        ({"Num_Workers": 4}, "Unknown option Num_Workers; did you mean num_workers?"),
        (
            {"published_actions": {"mode": "ids", "ids": [1], "idz": [2]}},
            "Unknown option published_actions.idz; did you mean published_actions.ids?",
        ),
        ({"xyz": 1}, f"Unknown option xyz; known: {', '.join(SPEC['properties'])}."),
    ],
)
def test_a_misspelt_option_gets_the_one_that_was_meant(misspelt, problem):
    assert problem_of({**KEY, **misspelt}) == problem


@pytest.mark.parametrize("empty", [None, ""])
def test_empty_options_count_as_absent(empty):
    check_options({**KEY, **dict.fromkeys(SPEC["properties"].keys() - KEY.keys(), empty)}, SPEC)


def test_entries_added_by_the_platform_are_ignored():
    added = ["__injected_declarative_manifest", "__injected_components_py", "__should_migrate", "_limit"]
    check_options({**KEY, **dict.fromkeys(added, "…")}, SPEC)


def test_a_first_date_in_the_future_is_refused():
    future = (datetime.now(timezone.utc).date() + timedelta(days=30)).isoformat()
    with pytest.raises(InvalidOption, match="start_date lies in the future"):
        check_options({**KEY, "start_date": future}, SPEC)


def test_all_forms_are_selected_by_default():
    assert PublishedActionSelection.from_config({}).choose(FORMS) == FORMS
    assert PublishedActionSelection.from_config({"published_actions": None}).choose(FORMS) == FORMS


def test_forms_are_selected_by_id_or_academic_year():
    by_id = {"published_actions": {"mode": "ids", "ids": [2]}}
    by_year = {"published_actions": {"mode": "academic_years", "academic_years": [" 2025-2026"]}}
    assert PublishedActionSelection.from_config(by_id).choose(FORMS) == FORMS[1:]
    assert PublishedActionSelection.from_config(by_year).choose(FORMS) == FORMS[:1]


def test_a_form_without_an_id_is_not_selected_by_id():
    selection = PublishedActionSelection.from_config({"published_actions": {"mode": "ids", "ids": [2]}})
    assert selection.choose([{"academicYear": "2025-2026"}, *FORMS]) == FORMS[1:]


def test_a_form_without_an_id_is_not_offered():
    selection = PublishedActionSelection.from_config({"published_actions": {"mode": "ids", "ids": [7]}})
    with pytest.raises(InvalidOption, match="The service offers: 1, 2"):
        selection.choose([{"academicYear": "2025-2026"}, *FORMS])


def test_a_selected_form_that_is_not_offered_is_named_with_what_is():
    selection = PublishedActionSelection.from_config({"published_actions": {"mode": "ids", "ids": [7, 1]}})
    with pytest.raises(InvalidOption, match=r"published_actions\.ids names 7, .* The service offers: 1, 2"):
        selection.choose(FORMS)


def test_a_search_parameter_may_have_several_values():
    asked = [("tag", "A"), ("tag", "B"), ("grade", "3")]
    search = [{"parameter": parameter, "value": value} for parameter, value in asked]
    assert search_parameters({"record_search": search}) == {"tag": ["A", "B"], "grade": ["3"]}


@pytest.mark.parametrize("name", ["page", "pageSize"])
def test_the_paging_parameters_are_not_the_users(name):
    with pytest.raises(InvalidOption, match="use the option page_size"):
        search_parameters({"record_search": [{"parameter": name, "value": "2"}]})
