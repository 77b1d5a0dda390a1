"""Destination objects (data activation): the catalog that `discover` prints, and how an object's name maps to a target.

A name is readable. It stays valid after a form is renamed, because the connector reads only the IDs in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from destination_powerschool_enrollment.columns import cache_name
from destination_powerschool_enrollment.config import ImportSchemaTarget, SubmissionTarget, Target
from destination_powerschool_enrollment.writable_targets import WritableTargets
from powerschool_enrollment_api.imports import ImportSchema

_IDS = re.compile(r"\[published action (\d+)(?:, import schema (\d+))?\]\s*$")
_STUDENT_ID_SUFFIXES = ("studentid", "externalid", "studentnumber", "stuid")


def destination_catalog(writable: WritableTargets) -> dict[str, Any]:
    """Return the message that `discover` prints: one operation per import schema, and one per form for submissions."""
    operations = []
    for form_id, title in writable.forms.items():
        schemas = list(writable.schemas.get(form_id, {}).values())
        operations += [_roster_operation(form_id, title, schema) for schema in schemas]
        operations.append(_submission_operation(form_id, title, schemas))
    return {"type": "DESTINATION_CATALOG", "destination_catalog": {"operations": operations}}


def roster_object_name(form_title: str, published_action_id: int, schema_title: str, import_schema_id: int) -> str:
    """Return the name of the object that writes through an import schema."""
    return f"{form_title}: {schema_title} [published action {published_action_id}, import schema {import_schema_id}]"


def submission_object_name(form_title: str, published_action_id: int) -> str:
    """Return the name of the object that creates submissions of a form."""
    return f"{form_title}: new submissions [published action {published_action_id}]"


def target_of(object_name: str) -> Target | None:
    """Return the target that the name refers to; None if the name contains no IDs."""
    ids = _IDS.search(object_name)
    if ids is None:
        return None
    if ids[2] is None:
        return SubmissionTarget(type="submission", published_action_id=int(ids[1]))
    return ImportSchemaTarget(type="import_schema", published_action_id=int(ids[1]), import_schema_id=int(ids[2]))


def _roster_operation(form_id: int, title: str, schema: ImportSchema) -> dict[str, Any]:
    return {
        "object_name": roster_object_name(title, form_id, schema.title, schema.id),
        "sync_mode": "append_dedup",
        "json_schema": _json_schema(schema.fields, is_complete=True),
        "matching_keys": [[field] for field in _matching_keys(schema.fields)],
    }


def _submission_operation(form_id: int, title: str, schemas: Iterable[ImportSchema]) -> dict[str, Any]:
    """Return the operation for submissions. Its fields are those of all import schemas of the form.

    The service does not list the data items of a form itself.
    """
    fields = dict.fromkeys(field for schema in schemas for field in schema.fields)
    return {
        "object_name": submission_object_name(title, form_id),
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
    """Return the fields that may identify a student: those with a typical name, or all if no field has one."""
    names = list(fields)
    likely = [name for name in names if cache_name(name).replace("_", "").endswith(_STUDENT_ID_SUFFIXES)]
    return likely or names
