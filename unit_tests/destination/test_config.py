import json

import jsonschema

from destination_powerschool_enrollment.config import Config
from destination_powerschool_enrollment.options import parse_config
from destination_powerschool_enrollment.spec import options_schema

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


def test_the_key_is_not_shown():
    assert "hidden-key" not in repr(parse_config({"api_key": "hidden-key"}))
