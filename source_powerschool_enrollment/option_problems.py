"""Says which option is wrong, and how, without repeating its value: it may be the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError


def option_problems(config: Mapping[str, Any], specification: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each option that the specification refuses; an empty list if all are well."""
    errors = sorted(Draft7Validator(specification).iter_errors(config), key=lambda error: list(map(str, error.path)))
    return [_sentence(error) for whole in errors for error in _of_chosen_branch(whole)]


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
        missing = error.message.split("'")[1]  # one error for each; only the message says which
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
    }.get(rule, "be what its description says")
    return f"The option {path} must {must}."
