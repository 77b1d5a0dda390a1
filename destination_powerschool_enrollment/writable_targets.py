"""What can be written to: asked of the service, for `check`, before row 1, and as `discover`'s operations."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from destination_powerschool_enrollment.columns import cache_name
from destination_powerschool_enrollment.config import ImportSchemaTarget
from destination_powerschool_enrollment.destination_objects import roster_object_name, submission_object_name
from destination_powerschool_enrollment.preflight import Offer, Target
from powerschool_enrollment_api import Client, NotFound
from powerschool_enrollment_api.imports import ImportSchema, read_import_schemas, read_published_actions

_IDENTIFIES_A_STUDENT = ("studentid", "externalid", "studentnumber", "stuid")


def read_offer(client: Client, targets: Iterable[Target]) -> Offer:
    """Read the forms, and the import schemas of those that `targets` name."""
    forms = read_published_actions(client)
    asked = {target.published_action_id for target in targets if isinstance(target, ImportSchemaTarget)}
    return _with_schemas(client, forms, sorted(asked & forms.keys()))


def read_whole_offer(client: Client) -> Offer:
    """Read every form and every import schema."""
    forms = read_published_actions(client)
    return _with_schemas(client, forms, list(forms))


def destination_catalog(offer: Offer) -> dict[str, Any]:
    """Return the message `discover` prints: an operation for each import schema, and one for a form's submissions."""
    operations = []
    for form, title in offer.forms.items():
        schemas = list(offer.schemas.get(form, {}).values())
        operations += [_roster_operation(form, title, schema) for schema in schemas]
        operations.append(_submission_operation(form, title, schemas))
    return {"type": "DESTINATION_CATALOG", "destination_catalog": {"operations": operations}}


def _with_schemas(client: Client, forms: dict[int, str], asked: list[int]) -> Offer:
    with ThreadPoolExecutor(client.settings.num_workers) as pool:
        schemas = pool.map(lambda form: _schemas_of(client, form), asked)
        return Offer(forms, dict(zip(asked, schemas, strict=True)))


def _schemas_of(client: Client, form: int) -> dict[int, ImportSchema]:
    try:
        return read_import_schemas(client, form)
    except NotFound:
        return {}


def _roster_operation(form: int, title: str, schema: ImportSchema) -> dict[str, Any]:
    return {
        "object_name": roster_object_name(title, form, schema.title, schema.id),
        "sync_mode": "append_dedup",
        "json_schema": _json_schema(schema.fields, is_complete=True),
        "matching_keys": [[field] for field in _matching_keys(schema.fields)],
    }


def _submission_operation(form: int, title: str, schemas: Iterable[ImportSchema]) -> dict[str, Any]:
    """Offer the fields of the form's import schemas: the service does not list a form's data items."""
    fields = dict.fromkeys(field for schema in schemas for field in schema.fields)
    return {
        "object_name": submission_object_name(title, form),
        "sync_mode": "append",
        "json_schema": _json_schema(fields, is_complete=False),
    }


def _json_schema(fields: Iterable[str], *, is_complete: bool) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": not is_complete,
        "required": [],
        "properties": {field: {"type": ["null", "string"]} for field in fields},
    }


def _matching_keys(fields: Iterable[str]) -> list[str]:
    """Return the fields that may identify a student: those that are called so, else any."""
    names = list(fields)
    likely = [name for name in names if cache_name(name).replace("_", "").endswith(_IDENTIFIES_A_STUDENT)]
    return likely or names
