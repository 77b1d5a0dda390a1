"""The configuration: an error names the option and never its value."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.config import DeliveryOption, DocumentField, PublishedActionSelection, SourceConfig
from unit_tests.source.test_manifest import SPEC

FORMS = [{"id": 1, "academicYear": "2025-2026"}, {"id": 2, "academicYear": "2026-2027"}]
KEY = {"api_key": "sandbox-key"}
IN_NINE_DAYS = (datetime.now(timezone.utc).date() + timedelta(days=9)).isoformat()


def problem_of(config):
    with pytest.raises(InvalidOption) as caught:
        SourceConfig.validated(config, SPEC)
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
def test_no_value_is_ever_quoted(config):
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
def test_misspelt_option_gets_a_suggestion(misspelt, problem):
    assert problem_of({**KEY, **misspelt}) == problem


@pytest.mark.parametrize("empty", [None, ""])
def test_empty_options_count_as_absent(empty):
    SourceConfig.validated({**KEY, **dict.fromkeys(SPEC["properties"].keys() - KEY.keys(), empty)}, SPEC)


def test_entries_added_by_the_platform_are_ignored():
    added = ["__injected_declarative_manifest", "__injected_components_py", "__should_migrate", "_limit"]
    SourceConfig.validated({**KEY, **dict.fromkeys(added, "…")}, SPEC)


def test_start_date_in_the_future_is_refused():
    future = (datetime.now(timezone.utc).date() + timedelta(days=30)).isoformat()
    with pytest.raises(InvalidOption, match="start_date is in the future"):
        SourceConfig.validated({**KEY, "start_date": future}, SPEC)


def test_all_forms_are_selected_by_default():
    assert SourceConfig.parse(KEY).published_actions.choose(FORMS) == FORMS
    assert SourceConfig.parse({**KEY, "published_actions": None}).published_actions.choose(FORMS) == FORMS


def test_forms_are_selected_by_id_or_academic_year():
    by_id = {"mode": "ids", "ids": [2]}
    by_year = {"mode": "academic_years", "academic_years": [" 2025-2026"]}
    assert PublishedActionSelection.parse(by_id).choose(FORMS) == FORMS[1:]
    assert PublishedActionSelection.parse(by_year).choose(FORMS) == FORMS[:1]


@pytest.mark.parametrize("year", ["2026-2027", " 2026-2027 "])
def test_spaces_around_an_academic_year_do_not_matter(year):
    form = {"id": 3, "academicYear": " 2026-2027  "}
    selection = PublishedActionSelection.parse({"mode": "academic_years", "academic_years": [year]})
    assert selection.choose([*FORMS, form]) == [FORMS[1], form]


def test_a_form_without_an_id_is_not_selected_by_id():
    selection = PublishedActionSelection.parse({"mode": "ids", "ids": [2]})
    assert selection.choose([{"academicYear": "2025-2026"}, *FORMS]) == FORMS[1:]


def test_a_form_without_an_id_is_not_offered():
    selection = PublishedActionSelection.parse({"mode": "ids", "ids": [7]})
    with pytest.raises(InvalidOption, match="The service offers: 1, 2"):
        selection.choose([{"academicYear": "2025-2026"}, *FORMS])


def test_unknown_selected_form_is_named_with_the_known_ones():
    selection = PublishedActionSelection.parse({"mode": "ids", "ids": [7, 1]})
    with pytest.raises(InvalidOption, match=r"published_actions\.ids names 7, .* The service offers: 1, 2"):
        selection.choose(FORMS)


def test_a_search_parameter_may_have_several_values():
    wanted = [("tag", "A"), ("tag", "B"), ("grade", "3")]
    search = [{"parameter": parameter, "value": value} for parameter, value in wanted]
    assert SourceConfig.parse({**KEY, "record_search": search}).search_parameters() == {
        "tag": ["A", "B"],
        "grade": ["3"],
    }


@pytest.mark.parametrize("name", ["page", "pageSize"])
def test_paging_parameters_cannot_be_configured(name):
    with pytest.raises(InvalidOption, match="use the option page_size"):
        SourceConfig.parse({**KEY, "record_search": [{"parameter": name, "value": "2"}]})


def with_deliveries(**changes):
    deliveries = {"mode": "consume", "delivery_target_ids": [7], "start_date": "2026-08-01"}
    return {"api_key": "sandbox-key", "deliveries": {**deliveries, **changes}}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"delivery_target_ids": []}, "The option deliveries.delivery_target_ids must not be empty."),
        (
            {"delivery_target_ids": [7, 7]},
            "The option deliveries.delivery_target_ids must not contain the same entry twice.",
        ),
        ({"delivery_target_ids": ["7"]}, "The option deliveries.delivery_target_ids.0 must be a whole number."),
        ({"start_date": "1 August"}, "The option deliveries.start_date must look like YYYY-MM-DD."),
        ({"mode": "on"}, "The option deliveries.mode must be one of: disabled, consume."),
    ],
)
def test_a_wrong_delivery_option_is_named(changes, problem):
    assert problem_of(with_deliveries(**changes)) == problem


@pytest.mark.parametrize("name", ["delivery_target_ids", "start_date"])
def test_delivery_targets_and_start_date_are_required(name):
    option = with_deliveries()
    del option["deliveries"][name]
    assert problem_of(option) == f"The option deliveries.{name} is missing."


@pytest.mark.parametrize("start_date", [IN_NINE_DAYS, "2026-02-30"])
def test_start_date_of_deliveries_that_is_invalid_or_in_the_future_is_refused(start_date):
    with pytest.raises(InvalidOption, match=r"The option deliveries\.start_date (is in the future|is not a date)"):
        SourceConfig.parse(with_deliveries(start_date=start_date))


def test_ids_that_are_written_as_decimals_are_integers():
    options = {**with_deliveries(delivery_target_ids=[7.0]), "published_actions": {"mode": "ids", "ids": [1e2]}}
    config = SourceConfig.validated(options, SPEC)
    assert repr(config.deliveries.delivery_target_ids) == "(7,)"
    assert repr(config.published_actions.ids) == "frozenset({100})"


@pytest.mark.parametrize("option", [{}, {"deliveries": None}, {"deliveries": {"mode": "disabled"}}])
def test_deliveries_are_disabled_by_default(option):
    assert SourceConfig.parse({**KEY, **option}).deliveries is None


def test_unknown_delivery_targets_are_named_with_the_known_ones():
    option = DeliveryOption((7, 9), date(2026, 8, 1))
    option.require_known_targets([{"id": 7}, {"id": 9}])
    with pytest.raises(InvalidOption, match=r"deliveries\.delivery_target_ids names 9, .* The service offers: 7"):
        option.require_known_targets([{"id": 7}])


@pytest.mark.parametrize("config", [{}, {"documents": []}, {"documents": None}])
def test_no_document_fields_are_configured_by_default(config):
    assert SourceConfig.parse({**KEY, **config}).documents == ()


def test_document_field_may_name_the_field_of_the_file_name():
    config = {"documents": [{"field": " doc_A "}, {"field": "doc_B", "file_name_field": "doc_B_Name"}]}
    assert SourceConfig.parse({**KEY, **config}).documents == (
        DocumentField("doc_A"),
        DocumentField("doc_B", "doc_B_Name"),
    )


@pytest.mark.parametrize("entries", [[{"field": " "}], [{"file_name_field": "doc_A"}]])
def test_an_entry_without_a_field_is_refused(entries):
    with pytest.raises(InvalidOption, match="without a field"):
        SourceConfig.parse({**KEY, "documents": entries})


@pytest.mark.parametrize("twin", ["doc_A", "DOC_a", " doc_A"])
def test_fields_that_would_share_a_folder_are_refused(twin):
    with pytest.raises(InvalidOption, match="twice"):
        SourceConfig.parse({**KEY, "documents": [{"field": "doc_A"}, {"field": twin}]})
