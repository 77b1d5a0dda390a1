"""Reports which option is wrong, and how, without repeating its value: it may be the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from powerschool_enrollment_airbyte.suggestions import did_you_mean


def option_problems(config: Mapping[str, Any], specification: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each option that the specification refuses or lacks; an empty list if all are well."""
    errors = sorted(Draft7Validator(specification).iter_errors(config), key=lambda error: list(map(str, error.path)))
    wrong = [_sentence(error) for whole in errors for error in _of_chosen_branch(whole)]
    return [*wrong, *_unknown(config, specification)]


def _unknown(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield a sentence for each unknown option: it is misspelt, and its value would have no effect.

    The specification itself allows them, for the platform adds some: they begin with `_`.
    """
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unknown(entry, schema.get("items", {}), f"{path}{index}.")
    elif isinstance(value, Mapping):
        options = _options_of(value, schema)
        for name, inner in value.items():
            if name in options:
                yield from _unknown(inner, options[name], f"{path}{name}.")
            elif options and not name.startswith("_"):
                yield f"Unknown option {path}{name}; {did_you_mean(name, options, path)}"


def _options_of(value: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options there are at this level: in the branch of a oneOf that `mode` chooses, if it is one."""
    chosen = [each for each in schema.get("oneOf", ()) if each["properties"]["mode"]["const"] == value.get("mode")]
    options: Mapping[str, Any] = (chosen or [schema])[0].get("properties", {})
    return options


def _of_chosen_branch(error: ValidationError) -> Iterator[ValidationError]:
    """Yield what is wrong in the branch of a oneOf that `mode` chooses; anything else as it is."""
    instance: Any = error.instance
    if error.validator != "oneOf" or not isinstance(instance, Mapping):
        yield error
        return
    modes = _modes(error.validator_value)
    chosen = instance.get("mode")
    if chosen not in modes:
        yield error
        return
    yield from (inner for inner in error.context or [] if inner.schema_path[0] == modes.index(chosen))


def _modes(branches: Any) -> list[str]:
    return [branch["properties"]["mode"]["const"] for branch in branches]


def _sentence(error: ValidationError) -> str:
    path = ".".join(map(str, error.absolute_path))
    rule: str = str(error.validator)
    value: Any = error.validator_value
    if rule == "required":
        missing = error.message.split("'")[1]  # one error for each; only the message names it
        return f"The option {f'{path}.{missing}' if path else missing} is missing."
    if rule == "oneOf":
        return f"The option {path}.mode must be one of: {', '.join(_modes(value))}."
    descriptor = error.schema.get("pattern_descriptor") if isinstance(error.schema, Mapping) else None
    must = {
        "type": f"be of type {value}",
        "minimum": f"be at least {value}",
        "maximum": f"be at most {value}",
        "minLength": "not be empty",
        "minItems": "not be empty",
        "uniqueItems": "not hold the same thing twice",
        "enum": f"be one of {value}",
        "pattern": f"look like {descriptor}",
    }.get(rule, "match its description")
    return f"The option {path} must {must}."
