"""Reads what the API key can write to: the forms, and their import schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from destination_powerschool_enrollment.config import ImportSchemaTarget, Target
from powerschool_enrollment_api import Client, NotFound
from powerschool_enrollment_api.imports import ImportSchema, read_import_schemas, read_published_actions


@dataclass(frozen=True)
class WritableTargets:
    """The titles of all forms by form ID, and the import schemas that were read, by form ID and import schema ID."""

    forms: Mapping[int, str]
    schemas: Mapping[int, Mapping[int, ImportSchema]] = field(default_factory=dict)

    def schema_of(self, target: Target) -> ImportSchema | None:
        """Return the import schema of `target`; None if it does not exist, and for submissions, which have none."""
        if not isinstance(target, ImportSchemaTarget):
            return None
        return self.schemas.get(target.published_action_id, {}).get(target.import_schema_id)


def read_writable_targets(client: Client, targets: Iterable[Target]) -> WritableTargets:
    """Read all forms, and the import schemas of the forms that `targets` refer to."""
    forms = read_published_actions(client)
    needed = {target.published_action_id for target in targets if isinstance(target, ImportSchemaTarget)}
    return _with_schemas(client, forms, sorted(needed & forms.keys()))


def read_all_writable_targets(client: Client) -> WritableTargets:
    """Read all forms and all import schemas."""
    forms = read_published_actions(client)
    return _with_schemas(client, forms, list(forms))


def _with_schemas(client: Client, forms: dict[int, str], form_ids: list[int]) -> WritableTargets:
    with ThreadPoolExecutor(client.settings.num_workers) as pool:
        schemas = pool.map(lambda form_id: _schemas_of(client, form_id), form_ids)
        return WritableTargets(forms, dict(zip(form_ids, schemas, strict=True)))


def _schemas_of(client: Client, form_id: int) -> dict[int, ImportSchema]:
    try:
        return read_import_schemas(client, form_id)
    except NotFound:
        return {}
