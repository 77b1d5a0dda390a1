"""Converts a pydantic model to the JSON schema that Airbyte's form reads: no references, `oneOf` and plain types."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def form_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of the options in `model`."""
    schema = model.model_json_schema()
    plain: dict[str, Any] = _plain(schema, schema.pop("$defs", {}))
    return {"$schema": "http://json-schema.org/draft-07/schema#", **plain}


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    """Return a part of the schema with its references resolved and without what Airbyte's form does not support."""
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        definition = definitions[node["$ref"].rsplit("/", 1)[-1]]
        return _plain({**definition, **_without(node, "$ref")}, definitions)
    if "anyOf" in node:  # an option that may be absent; Airbyte's form must not offer null as a choice
        (only,) = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        return _plain({**only, **_without(node, "anyOf")}, definitions)
    return {**_plain_members(node, definitions), **_object_keywords(node)}


def _plain_members(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value, definitions) for key, value in node.items() if not _is_noise(key, value)}


def _object_keywords(node: dict[str, Any]) -> dict[str, Any]:
    if "properties" in node:
        # `valid_options` rejects unknown options, with a better message. The platform adds its own, so specs allow any.
        return {"additionalProperties": True}
    return {"type": "object"} if "oneOf" in node else {}


def _without(node: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != key}


def _is_noise(key: str, value: Any) -> bool:
    return key in {"additionalProperties", "discriminator"} or (key == "default" and value in (None, [], {}))
