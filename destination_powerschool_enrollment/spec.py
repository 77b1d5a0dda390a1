"""The spec as Airbyte's form wants it, generated from the options model: no references, `oneOf` and plain types."""

from __future__ import annotations

from typing import Any

from airbyte_cdk.models import ConnectorSpecification, DestinationSyncMode

from destination_powerschool_enrollment.config import Config

DOCUMENTATION_URL = "https://docs.airbyte.com/integrations/destinations/powerschool-enrollment"


def connector_specification() -> ConnectorSpecification:
    """Return what `spec` prints."""
    return ConnectorSpecification(
        documentationUrl=DOCUMENTATION_URL,
        connectionSpecification=options_schema(),
        supportsIncremental=True,
        supported_destination_sync_modes=[DestinationSyncMode.append_dedup, DestinationSyncMode.append],
    )


def options_schema() -> dict[str, Any]:
    """Return the JSON schema of the options."""
    schema = Config.model_json_schema()
    plain: dict[str, Any] = _plain(schema, schema.pop("$defs", {}))
    return {"$schema": "http://json-schema.org/draft-07/schema#", **plain}


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    """Return a part of the schema as the form's generator reads it."""
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        definition = definitions[node["$ref"].rsplit("/", 1)[-1]]
        return _plain({**definition, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    if "anyOf" in node:  # an option that may be absent: a form does not offer null as a choice
        (only,) = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        return _plain({**only, **{key: value for key, value in node.items() if key != "anyOf"}}, definitions)
    return {key: _plain(value, definitions) for key, value in node.items() if not _is_noise(key, value)} | (
        # Forbidding unknown options is the parser's business, with a better message; the platform's specs stay open.
        {"additionalProperties": True} if "properties" in node else {"type": "object"} if "oneOf" in node else {}
    )


def _is_noise(key: str, value: Any) -> bool:
    return key in {"additionalProperties", "discriminator"} or (key == "default" and value in (None, [], {}))
