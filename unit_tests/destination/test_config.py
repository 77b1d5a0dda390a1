import json

import jsonschema
import pytest

from destination_powerschool_enrollment.config import Config, parse_config
from destination_powerschool_enrollment.spec import options_schema
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


def test_a_full_configuration_passes_both_the_spec_and_the_parser():
    jsonschema.validate(FULL, options_schema())
    assert parse_config(FULL).imports[0].target.import_schema_id == 2


def test_the_spec_has_exactly_the_models_options():
    assert list(options_schema()["properties"]) == list(Config.model_fields)
    assert set(FULL) == set(Config.model_fields)


def test_the_spec_is_what_the_platforms_form_can_show():
    text = json.dumps(options_schema())
    assert not any(word in text for word in ("$ref", "$defs", "anyOf", "allOf", '"null"', "discriminator"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"api_key": None}, "api_key is missing"),
        ({"api_key": " "}, "api_key"),
        ({"num_workers": "8"}, "num_workers"),
        ({"num_workers": 17}, "num_workers"),
        ({"num_wrokers": 3}, "num_wrokers"),
        ({"skip_unchanged": "yes"}, "skip_unchanged"),
        ({"date_format": "DD.MM.YYYY"}, "date_format"),
        ({"imports": [{"stream": "a"}]}, "imports.0.target is missing"),
        ({"imports": [{"stream": "a", "target": {"type": "sideways"}}]}, "'import_schema', 'submission'"),
        ({"imports": [{"stream": "a", "target": {**TARGET, "import_schema_id": "2"}}]}, "import_schema_id"),
        ({"on_rejected_row": {"policy": "skip", "max_rejected_percent": 101}}, "max_rejected_percent"),
    ],
)
def test_a_wrong_option_is_named(change, named):
    with pytest.raises(InvalidOption, match=named):
        parse_config({**FULL, **change})


def test_a_wrong_value_is_not_repeated():
    with pytest.raises(InvalidOption) as caught:
        parse_config({"api_key": ["pasted-key"], "num_workers": "pasted-key"})
    assert "pasted-key" not in str(caught.value)


def test_an_address_that_cannot_be_right_fails():
    with pytest.raises(WrongAddress, match="https://"):
        parse_config({**FULL, "base_url": "http://example.com"})


def test_the_platforms_own_entries_and_nulls_are_no_options():
    config = parse_config({"api_key": "k", "__injected_declarative_manifest": {}, "requests_per_minute": None})
    assert config == Config(api_key="k")


def test_the_key_is_not_shown():
    assert "hidden-key" not in repr(parse_config({"api_key": "hidden-key"}))
