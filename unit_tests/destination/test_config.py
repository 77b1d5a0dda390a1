import json

import jsonschema
import pytest

from destination_powerschool_enrollment.config import Config, options_schema, parse_config
from powerschool_enrollment_api import InvalidOption, WrongAddress

TARGET = {"type": "import_schema", "published_action_id": 1, "import_schema_id": 2}
FULL = {
    "api_key": "k",
    "base_url": "https://registration.powerschool.com/api/v1",
    "imports": [
        {
            "stream": "students",
            "namespace": "public",
            "target": TARGET,
            "field_mapping": [{"column": "a", "field": "b"}],
            "unmapped_columns": "ignore",
            "key_field": "StudentID",
        },
        {"stream": "new", "target": {"type": "submission", "published_action_id": 1}},
    ],
    "on_rejected_row": {"policy": "skip", "max_rejected_percent": 2.5},
    "rejected_rows_file": "/local/x",
    "date_format": "YYYY-MM-DD",
    "null_values": "empty",
    "num_workers": 16,
    "requests_per_minute": 60,
    "skip_unchanged": True,
    "validate_only": True,
}


def test_complete_configuration_is_valid_by_schema_and_parser():
    jsonschema.validate(FULL, options_schema())
    assert parse_config(FULL).imports[0].target.import_schema_id == 2


def test_schema_has_exactly_the_options_of_the_model():
    assert list(options_schema()["properties"]) == list(Config.model_fields)
    assert set(FULL) == set(Config.model_fields)


def test_schema_has_no_keyword_that_the_form_does_not_support():
    text = json.dumps(options_schema())
    assert not any(word in text for word in ("$ref", "$defs", "anyOf", "allOf", '"null"', "discriminator"))


def test_api_key_is_not_in_the_representation():
    assert "hidden-key" not in repr(parse_config({"api_key": "hidden-key"}))


def error_message(**options):
    with pytest.raises(InvalidOption) as caught:
        parse_config({"api_key": "k", **options})
    return str(caught.value)


def import_error(**options):
    return error_message(imports=[{"stream": "a", "target": TARGET, **options}])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"api_key": None}, "The option api_key is missing."),
        ({"api_key": ""}, "The option api_key is missing."),
        ({"api_key": " "}, "The option api_key is empty"),
        ({"num_workers": "8"}, "The option num_workers must be a whole number."),
        ({"num_workers": 17}, "The option num_workers must be at most 16."),
        ({"requests_per_minute": 0}, "The option requests_per_minute must be at least 1."),
        ({"skip_unchanged": "yes"}, "The option skip_unchanged must be true or false."),
        ({"date_format": "DD.MM.YYYY"}, "The option date_format must be one of: MM/DD/YYYY, YYYY-MM-DD."),
        ({"rejected_rows_file": 5}, "The option rejected_rows_file must be a text."),
        ({"on_rejected_row": "skip"}, "The option on_rejected_row must be an object."),
        ({"on_rejected_row": {}}, "The option on_rejected_row.policy is missing."),
        ({"imports": {"stream": "a"}}, "The option imports must be a list."),
        ({"imports": ["a"]}, "The option imports.0 must be an object."),
        ({"imports": [{"stream": "a"}]}, "The option imports.0.target is missing."),
    ],
)
def test_wrong_option_is_named_with_its_rule(change, message):
    assert message in error_message(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": {**TARGET, "import_schema_id": "2"}}, "imports.0.target.import_schema_id must be a whole number."),
        ({"target": {**TARGET, "type": "no"}}, "imports.0.target.type must be one of: import_schema, submission."),
        ({"field_mapping": [{"column": "a"}]}, "imports.0.field_mapping.0.field is missing."),
    ],
)
def test_wrong_nested_option_is_named_by_its_path(change, message):
    assert import_error(**change) == f"The option {message}"


def test_percentage_out_of_range_is_named_by_its_path():
    message = error_message(on_rejected_row={"policy": "skip", "max_rejected_percent": 101})
    assert message == "The option on_rejected_row.max_rejected_percent must be at most 100."


@pytest.mark.parametrize(
    ("name", "meant"),
    [("numworkers", "num_workers"), ("baseUrl", "base_url"), ("API_KEY", "api_key"), ("import", "imports")],
)
def test_closest_known_option_is_suggested(name, meant):
    assert error_message(**{name: 1}) == f"Unknown option {name}; did you mean {meant}?"


@pytest.mark.parametrize(
    ("change", "name", "meant"),
    [
        ({"key_fields": "x"}, "key_fields", "key_field"),
        ({"target": {**TARGET, "published_action": 1}}, "target.published_action", "target.published_action_id"),
        (
            {"field_mapping": [{"column": "a", "field": "b", "colum": "a"}]},
            "field_mapping.0.colum",
            "field_mapping.0.column",
        ),
    ],
)
def test_suggestion_is_from_the_same_level(change, name, meant):
    message = f"Unknown option imports.0.{name}; did you mean imports.0.{meant}?"
    assert import_error(**change) == message


def test_options_of_the_level_are_listed_if_no_name_is_close():
    message = error_message(on_rejected_row={"policy": "skip", "wait": 1})
    assert message == "Unknown option on_rejected_row.wait; known: policy, max_rejected_percent."


def test_all_wrong_options_are_reported_at_once():
    message = error_message(num_workers=0, validate="yes")
    assert "num_workers must be at least 1. Unknown option validate; did you mean validate_only?" in message


def test_wrong_value_is_not_quoted():
    assert "pasted-key" not in error_message(api_key=["pasted-key"], num_workers="pasted-key", imports="pasted-key")


def test_http_address_is_rejected():
    with pytest.raises(WrongAddress, match="https://"):
        parse_config({"api_key": "k", "base_url": "http://example.com"})


@pytest.mark.parametrize("empty", [None, ""])
def test_platform_entries_and_empty_options_are_ignored(empty):
    entry = {"stream": "a", "target": TARGET}
    options = dict.fromkeys(Config.model_fields.keys() - {"api_key", "imports"}, empty)
    imports = [{**entry, "namespace": empty, "key_field": empty, "field_mapping": empty, "unmapped_columns": empty}]
    config = parse_config({"api_key": "k", "__injected_declarative_manifest": {}, **options, "imports": imports})
    assert config == parse_config({"api_key": "k", "imports": [entry]})


def test_whole_number_may_have_a_decimal_point():
    assert parse_config({"api_key": "k", "num_workers": 8.0}).num_workers == 8
