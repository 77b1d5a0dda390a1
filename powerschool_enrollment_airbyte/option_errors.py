"""Validates the options of a connector against its specification, in the same way and words for both connectors.

A message names the option by its path in the configuration file (`imports.0.target.type`) and states the rule. It never
repeats the value, which may be the API key in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from powerschool_enrollment_airbyte.suggestions import did_you_mean
from powerschool_enrollment_api.errors import InvalidOption

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


def valid_options(raw: Mapping[str, Any], specification: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without those that count as absent. Raises one InvalidOption that names every wrong option.

    Unknown options are wrong, because their values would have no effect. The platform adds entries that begin
    with `_`; they are ignored.
    """
    options: dict[str, Any] = without_empty(raw)
    wrong = [message for error in _sorted_errors(options, specification) for message in _messages(error)]
    problems = dict.fromkeys([*wrong, *_unknown_options(options, specification)])
    if problems:
        raise InvalidOption(" ".join(problems))
    return options


def without_empty(value: Any) -> Any:
    """Return the value without its empty options: at every level, null and the empty string count as absent.

    The entries of a list stay, because messages name an entry by its position.
    """
    if isinstance(value, Mapping):
        return {name: without_empty(option) for name, option in value.items() if option is not None and option != ""}
    return [without_empty(entry) for entry in value] if isinstance(value, list) else value


def _sorted_errors(options: Any, schema: Mapping[str, Any]) -> list[ValidationError]:
    errors = Draft7Validator(schema).iter_errors(options)
    return sorted(errors, key=lambda error: list(map(str, error.path)))


def _messages(error: ValidationError) -> Iterator[str]:
    """Yield the message of an error, or one for each of the errors that it consists of."""
    path = ".".join(map(str, error.absolute_path))
    rule = str(error.validator)
    expected: Any = error.validator_value
    instance: Any = error.instance
    if rule == "required":
        yield from (_missing(path, name) for name in expected if name not in instance)
    elif rule == "oneOf":
        yield from _choice_messages(error, path)
    else:
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        yield _must(path, _requirement(rule, expected, schema))


def _choice_messages(error: ValidationError, path: str) -> Iterator[str]:
    """Yield the messages about a `oneOf` option: an invalid choice of branch, or errors in the chosen branch."""
    instance: Any = error.instance
    name, choices = _choices(error.validator_value)
    if not isinstance(instance, Mapping):
        yield _must(path, "be an object")
    elif name not in instance:
        yield _missing(path, name)
    elif instance[name] not in choices:
        yield _must(f"{path}.{name}", f"be one of: {', '.join(choices)}")
    else:
        chosen = choices.index(instance[name])
        for inner in error.context or ():
            if inner.schema_path[0] == chosen:
                yield from _messages(inner)


def _choices(branches: Any) -> tuple[str, list[Any]]:
    """Return the name of the option that selects one of the `oneOf` branches, and its value in each branch."""
    constants = [
        (name, option["const"]) for each in branches for name, option in each["properties"].items() if "const" in option
    ]
    return constants[0][0], [value for _, value in constants]


def _requirement(rule: str, expected: Any, schema: Mapping[str, Any]) -> str:
    if rule == "type":
        return f"be {_TYPES[expected]}"
    if rule == "enum":
        return f"be one of: {', '.join(map(str, expected))}"
    return {
        "minimum": f"be at least {expected}",
        "maximum": f"be at most {expected}",
        "minLength": "not be empty",
        "minItems": "not be empty",
        "uniqueItems": "not contain the same entry twice",
        "pattern": f"look like {schema.get('pattern_descriptor')}",
    }.get(rule, "match its description")


def _must(path: str, requirement: str) -> str:
    return f"The option {path} must {requirement}."


def _missing(path: str, name: str) -> str:
    return f"The option {path}.{name} is missing." if path else f"The option {name} is missing."


def _unknown_options(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield a message for each unknown option. The specification allows them, because the platform adds entries."""
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unknown_options(entry, schema.get("items", {}), f"{path}{index}.")
    elif isinstance(value, Mapping):
        options = _options_of(value, schema)
        for name, option in value.items():
            if name in options:
                yield from _unknown_options(option, options[name], f"{path}{name}.")
            elif options and not name.startswith("_"):
                yield f"Unknown option {path}{name}; {did_you_mean(name, options, path)}"


def _options_of(value: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of this level: those of the chosen `oneOf` branch if there are several."""
    chosen = schema
    if "oneOf" in schema:
        name, choices = _choices(schema["oneOf"])
        chosen = schema["oneOf"][choices.index(value[name])] if value.get(name) in choices else {}
    options: Mapping[str, Any] = chosen.get("properties", {})
    return options
