"""The names of destination objects (data activation): readable, and stable because only the ids in them count."""

from __future__ import annotations

import re

from destination_powerschool_enrollment.config import ImportSchemaTarget, SubmissionTarget

_IDS = re.compile(r"\[published action (\d+)(?:, import schema (\d+))?\]\s*$")


def roster_object_name(form_title: str, published_action_id: int, schema_title: str, import_schema_id: int) -> str:
    """Return the name under which an import schema is offered."""
    return f"{form_title}: {schema_title} [published action {published_action_id}, import schema {import_schema_id}]"


def submission_object_name(form_title: str, published_action_id: int) -> str:
    """Return the name under which new submissions of a form are offered."""
    return f"{form_title}: new submissions [published action {published_action_id}]"


def target_of(object_name: str) -> ImportSchemaTarget | SubmissionTarget | None:
    """Return the target that the name refers to, even if the form was renamed since; None if it contains no ids."""
    ids = _IDS.search(object_name)
    if ids is None:
        return None
    if ids[2] is None:
        return SubmissionTarget(type="submission", published_action_id=int(ids[1]))
    return ImportSchemaTarget(type="import_schema", published_action_id=int(ids[1]), import_schema_id=int(ids[2]))
