import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_airbyte.option_errors import valid_options, without_empty
from powerschool_enrollment_api import InvalidOption

CHOICE = {
    "type": "object",
    "oneOf": [
        {"required": ["mode"], "properties": {"mode": {"const": "all"}}},
        {
            "required": ["mode", "ids"],
            "properties": {
                "mode": {"const": "some"},
                "ids": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
            },
        },
    ],
}
SCHEMA = {
    "type": "object",
    "required": ["key"],
    "properties": {
        "key": {"type": "string"},
        "workers": {"type": "integer", "minimum": 1, "maximum": 8},
        "percent": {"type": "number"},
        "trial": {"type": "boolean"},
        "format": {"type": "string", "enum": ["long", "short"]},
        "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "pattern_descriptor": "YYYY-MM-DD"},
        "forms": CHOICE,
        "imports": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["stream", "target"],
                "properties": {
                    "stream": {"type": "string"},
                    "target": CHOICE,
                    "columns": {"type": "array", "items": {"type": "string", "minLength": 1}},
                },
            },
        },
    },
}
IMPORT = {"stream": "students", "target": {"mode": "all"}}


def message(**options):
    with pytest.raises(InvalidOption) as caught:
        valid_options({"key": "k", **options}, SCHEMA)
    return caught.value.message


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"key": 734}, "key must be a text"),
        ({"workers": "8"}, "workers must be a whole number"),
        ({"workers": True}, "workers must be a whole number"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"workers": 9}, "workers must be at most 8"),
        ({"percent": "5"}, "percent must be a number"),
        ({"trial": "yes"}, "trial must be true or false"),
        ({"format": "medium"}, "format must be one of: long, short"),
        ({"day": "1.8.2026"}, "day must look like YYYY-MM-DD"),
        ({"forms": "all"}, "forms must be an object"),
        ({"forms": {"mode": "none"}}, "forms.mode must be one of: all, some"),
        ({"forms": {"mode": ["all"]}}, "forms.mode must be one of: all, some"),
        ({"forms": {"mode": "some", "ids": []}}, "forms.ids must not be empty"),
        ({"forms": {"mode": "some", "ids": [1, 1]}}, "forms.ids must not contain the same entry twice"),
        ({"forms": {"mode": "some", "ids": [1, "2"]}}, "forms.ids.1 must be a whole number"),
        ({"imports": {"stream": "a"}}, "imports must be a list"),
        ({"imports": ["a"]}, "imports.0 must be an object"),
        (
            {"imports": [IMPORT, {**IMPORT, "target": {"mode": "no"}}]},
            "imports.1.target.mode must be one of: all, some",
        ),
        ({"imports": [{**IMPORT, "columns": ["a", ""]}]}, "imports.0.columns.1 must not be empty"),
    ],
)
def test_wrong_option_is_named_with_its_rule(options, rule):
    assert message(**options) == f"The option {rule}."


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"key": None}, "key"),
        ({"key": ""}, "key"),
        ({"forms": {}}, "forms.mode"),
        ({"forms": {"mode": ""}}, "forms.mode"),
        ({"forms": {"mode": "some"}}, "forms.ids"),
        ({"imports": [{"stream": "a"}]}, "imports.0.target"),
        ({"imports": [{**IMPORT, "stream": ""}]}, "imports.0.stream"),
    ],
)
def test_missing_option_is_named_by_its_path(options, missing):
    assert message(**options) == f"The option {missing} is missing."


def test_every_missing_option_of_a_level_is_named_once():
    assert message(imports=[{}]) == "The option imports.0.stream is missing. The option imports.0.target is missing."


@pytest.mark.parametrize(
    ("options", "unknown"),
    [
        ({"worker": 1}, "worker; did you mean workers?"),
        ({"forms": {"mode": "all", "ids": [1]}}, "forms.ids; known: mode."),
        ({"imports": [{**IMPORT, "column": []}]}, "imports.0.column; did you mean imports.0.columns?"),
    ],
)
def test_unknown_option_is_named_with_the_closest_known_one(options, unknown):
    assert message(**options) == f"Unknown option {unknown}"


def test_all_wrong_options_are_reported_at_once():
    assert message(workers=0, worker=1) == (
        "The option workers must be at least 1. Unknown option worker; did you mean workers?"
    )


@given(st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"].keys() - {"key"})), st.just("§¶§"), min_size=1))
def test_value_is_never_quoted(options):
    assert "§" not in message(**options)


def test_valid_options_are_returned_without_the_empty_ones():
    options = {"key": "k", "workers": 8.0, "day": "", "imports": [{**IMPORT, "columns": None}]}
    assert valid_options(options, SCHEMA) == {"key": "k", "workers": 8.0, "imports": [IMPORT]}


def test_empty_options_are_removed_at_every_level_but_list_entries_stay():
    raw = {"a": None, "b": {"c": "", "d": [{"e": None}, None, ""]}, "f": 0, "g": False, "h": []}
    assert without_empty(raw) == {"b": {"d": [{}, None, ""]}, "f": 0, "g": False, "h": []}


def test_entries_that_the_platform_adds_are_ignored():
    assert valid_options({"key": "k", "__injected_manifest": {}, "forms": {"mode": "all", "_x": 1}}, SCHEMA)
