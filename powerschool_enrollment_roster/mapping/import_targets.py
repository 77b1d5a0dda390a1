"""Finds the import schema that the roster is written to, by an ID or a part of its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from destination_powerschool_enrollment.config import ImportSchemaTarget
from destination_powerschool_enrollment.destination_objects import destination_catalog, target_of
from destination_powerschool_enrollment.writable_targets import WritableTargets
from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.names import match_key

INTO_VARIABLE = "POWERSCHOOL_ENROLLMENT_IMPORT_INTO"
_CHOOSE = f"Choose one with --into, or in {INTO_VARIABLE}: by its ID or a part of its name."


@dataclass(frozen=True)
class ImportTarget:
    """An import schema of a form. `identities` are the fields that may identify a student; empty if every field may."""

    name: str
    target: ImportSchemaTarget
    fields: tuple[str, ...]
    identities: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the titles of the form and the import schema, without the IDs."""
        return self.name.rpartition(" [")[0]

    def has_id(self, number: str) -> bool:
        """Return whether the import schema or its form has this ID."""
        return number in {str(self.target.import_schema_id), str(self.target.published_action_id)}


def targets_of(writable: WritableTargets) -> list[ImportTarget]:
    """Return all import schemas. New submissions are not a target: a roster sent twice would create them twice."""
    found = []
    for operation in destination_catalog(writable)["destination_catalog"]["operations"]:
        target = target_of(operation["object_name"])
        if isinstance(target, ImportSchemaTarget):
            fields = tuple(operation["json_schema"]["properties"])
            keys = tuple(key[0] for key in operation["matching_keys"])
            found.append(
                ImportTarget(operation["object_name"], target, fields, keys if len(keys) < len(fields) else ())
            )
    return found


def chosen_target(wanted: str | None, targets: Sequence[ImportTarget]) -> ImportTarget:
    """Return the target with this ID or part of a name.

    Raises ImportRefused with the choices if no target or several match.
    """
    if not targets:
        raise ImportRefused("No form of this key has an import schema: ask PowerSchool to set one up.")
    if not wanted or not wanted.strip():
        raise ImportRefused(_listing(f"{_CHOOSE} There are:", targets))
    meant = _meant(wanted.strip(), targets)
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise ImportRefused(_listing(f"--into {wanted}: this may be any of the following. {_CHOOSE}", meant))
    raise ImportRefused(_listing(f"--into {wanted}: this form or import schema does not exist. There are:", targets))


def best_target(columns: Iterable[str], targets: Sequence[ImportTarget]) -> ImportTarget:
    """Return the target that has fields for the most columns, by name."""
    keys = set(map(match_key, columns))
    return max(targets, key=lambda target: len(keys & set(map(match_key, target.fields))))


def _meant(wanted: str, targets: Sequence[ImportTarget]) -> list[ImportTarget]:
    """Return the targets with this ID or name, else those whose titles contain the text. Digits alone are an ID."""
    if wanted.isdecimal():
        schemas = [target for target in targets if wanted == str(target.target.import_schema_id)]
        return schemas or [target for target in targets if target.has_id(wanted)]
    text = wanted.casefold()
    named = [target for target in targets if text in {target.name.casefold(), target.title.casefold()}]
    return named or [target for target in targets if text in target.title.casefold()]


def _listing(beginning: str, targets: Iterable[ImportTarget]) -> str:
    return "\n".join([beginning, *(f"  {target.name}" for target in targets)])
