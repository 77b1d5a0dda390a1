"""From the options as they come to the model, or a sentence for each that is wrong: which and how, never its value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from destination_powerschool_enrollment.config import Config
from destination_powerschool_enrollment.spec import options_schema
from powerschool_enrollment_airbyte.suggestions import did_you_mean
from powerschool_enrollment_api import InvalidOption

# pydantic's rules in the words of a JSON file; a rule that is not here keeps pydantic's own.
_MUST = {
    "bool_type": "be true or false",
    "float_type": "be a number",
    "greater_than_equal": "be at least {ge:g}",
    "int_type": "be a whole number",
    "less_than_equal": "be at most {le:g}",
    "literal_error": "be {expected}",
    "model_attributes_type": "be an object",
    "model_type": "be an object",
    "string_too_short": "not be empty",
    "string_type": "be a text",
    "tuple_type": "be a list",
    "union_tag_invalid": "be one of {expected_tags}",
}


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Return the options in `raw`; null counts as absent, and so do the platform's own `__…` entries.

    Raises InvalidOption that names every wrong option.
    """
    try:
        config = Config.model_validate(_without_nulls(raw))
    except ValidationError as error:
        schema = options_schema()
        problems = [_problem(detail, schema) for detail in error.errors(include_url=False, include_input=False)]
        raise InvalidOption(" ".join(problems)) from None
    _ = config.connection
    return config


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without_nulls(item)
            for key, item in value.items()
            if item is not None and not str(key).startswith("_")
        }
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _problem(detail: ErrorDetails, schema: Mapping[str, Any]) -> str:
    *level, name = detail["loc"]
    path, neighbours = _level(level, schema)
    option, rule, context = f"{path}{name}", detail["type"], detail.get("ctx", {})
    if rule.startswith("union_tag"):
        option += "." + context["discriminator"].strip("'")
    if rule == "extra_forbidden":
        return f"Unknown option {option}; {did_you_mean(str(name), neighbours, path)}"
    if rule in {"missing", "union_tag_not_found"}:
        return f"The option {option} is missing."
    if rule in _MUST:
        return f"The option {option} must {_MUST[rule].format(**context)}."
    return f"The option {option} is wrong: {detail['msg']}."


def _level(location: list[int | str], schema: Mapping[str, Any]) -> tuple[str, Collection[str]]:
    """Return the path to a level of the options, as in the file, and the names of the options there are at it."""
    path = ""
    for part in location:
        if "oneOf" in schema:  # pydantic names the chosen branch, too
            schema = next(branch for branch in schema["oneOf"] if _is_chosen_by(branch, part))
            continue
        path += f"{part}."
        schema = schema["items"] if isinstance(part, int) else schema["properties"][part]
    return path, schema.get("properties", {})


def _is_chosen_by(branch: Mapping[str, Any], tag: int | str) -> bool:
    return any(option.get("const") == tag for option in branch["properties"].values())
