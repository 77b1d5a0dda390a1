"""Finds what a roster is written to: the import schema that is meant, and the field of each of its columns."""

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from roster_file import Roster, UnusableRoster

IDS = re.compile(r" \[published action \d+, import schema (\d+)\]$")
UNNAMED_WAY_OUT = 'If it is, map them: --map COLUMN=FIELD, or --ignore COLUMN (with make: OPTIONS="…").'
ASK = "Choose the target with --into, or in POWERSCHOOL_ENROLLMENT_IMPORT_INTO: by a part of its name, or its id."


class UnclearTarget(Exception):
    """The target is ambiguous or missing. The message lists the choices."""


@dataclass(frozen=True)
class Target:
    """An import schema of a form. `keys` are the fields that may identify students."""

    name: str
    fields: Sequence[str]
    keys: Sequence[str]

    @property
    def id(self) -> str | None:
        """The import schema's id."""
        ids = IDS.search(self.name)
        return ids[1] if ids else None

    @property
    def titles(self) -> tuple[str, ...]:
        """What people may call it: the titles of the form and the import schema, or one of them."""
        name = IDS.sub("", self.name)
        return (name, *name.rsplit(": ", 1))

    @property
    def identities(self) -> Sequence[str]:
        """The fields that identify students; empty if any field may."""
        return self.keys if len(self.keys) < len(self.fields) else ()

    def field_for(self, column: str) -> str | None:
        """Return the field with the column's name, ignoring case and blanks."""
        if column in self.fields:
            return column
        name = plain(column)
        alike = [field for field in self.fields if plain(field) == name] if name.strip("_") else []
        return alike[0] if len(alike) == 1 else None

    def catalog(self, fields: Collection[str]) -> dict[str, Any]:
        """Return Airbyte's configured catalog: one stream with these fields, and the one that identifies a student."""
        properties = {field: {"type": ["null", "string"]} for field in fields}
        stream = {
            "name": "roster",
            "json_schema": {"type": "object", "properties": properties},
            "supported_sync_modes": ["full_refresh"],
        }
        configured = {
            "stream": stream,
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append_dedup",
            "destination_object_name": self.name,
            "primary_key": [[key] for key in self.keys if key in fields][:1],
        }
        return {"streams": [configured]}


def targets_of(operations: Iterable[Mapping[str, Any]]) -> list[Target]:
    """Return the import schemas among what `discover` shows. The others make submissions: two of a row sent twice."""
    return [
        Target(each["object_name"], list(each["json_schema"]["properties"]), [key[0] for key in each["matching_keys"]])
        for each in operations
        if each["sync_mode"] == "append_dedup"
    ]


def target_called(wanted: str | None, targets: Sequence[Target]) -> Target:
    """Return the target whose name or id is `wanted`, or the only one whose titles hold it. Raises UnclearTarget."""
    if not targets:
        raise UnclearTarget("No form that this key opens has an import schema: PowerSchool sets them up.")
    if not wanted:
        raise UnclearTarget(listing(f"{ASK} There are:", targets))
    meant = targets_meant(wanted, targets)
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UnclearTarget(listing(f"{wanted!r} may be any of these. {ASK}", meant))
    hint = did_you_mean(wanted, {title for target in targets for title in target.titles})
    raise UnclearTarget(listing(f"There is no {wanted!r} to write to{hint}. There are:", targets))


def targets_meant(wanted: str, targets: Iterable[Target]) -> list[Target]:
    """Return the targets that bear the name, else those whose titles hold the text. Digits alone are an id."""
    text = wanted.strip().casefold()
    if text.isdecimal():
        return [target for target in targets if text == target.id]
    named = [target for target in targets if text == target.name.casefold()]
    return named or [target for target in targets if text in target.titles[0].casefold()]


def best_target(roster: Roster, targets: Iterable[Target]) -> Target:
    """Return the target that has a field for most columns."""
    return max(targets, key=lambda target: sum(map(bool, map(target.field_for, roster.columns))))


def fields_of(roster: Roster, target: Target, mapping: Mapping[str, str], ignored: Collection[str]) -> dict[str, str]:
    """Return the field of each column that is not ignored. Raises UnusableRoster with all that do not fit."""
    columns = [column for column in roster.columns if column not in ignored]
    found = {column: mapping.get(column) or target.field_for(column) for column in columns}
    fields = {column: field for column, field in found.items() if field}
    if not fields:  # then the first line is perhaps a student's, and not to be shown
        raise UnusableRoster(
            f"No column of {roster.name} has a field in {target.name!r}: is its first line the columns' names? "
            f"The fields are {', '.join(target.fields)}."
        )
    if problems := misfits(roster, target, mapping, ignored, fields):
        raise UnusableRoster("\n".join([f"{roster.name} does not fit {target.name!r}:", *problems]))
    return fields


def misfits(
    roster: Roster, target: Target, mapping: Mapping[str, str], ignored: Collection[str], fields: Mapping[str, str]
) -> list[str]:
    """Return what does not fit, and then what to do about it; nothing if all fits."""
    free = [field for field in target.fields if field not in fields.values()]
    strangers = [column for column in roster.columns if column not in {*fields, *ignored}]
    # One match among many may be chance, a child's `M` for a field of that name: then no cell of the line is shown.
    names = roster.columns if len(fields) >= len(strangers) else []
    problems = [
        *(without_a_field(strangers, free) if names else [unnamed_without_a_field(roster, strangers)]),
        *option_problems(roster, "--map", mapping, names),
        *option_problems(roster, "--ignore", ignored, names),
        *(f"The column {column!r} is both mapped and ignored." for column in mapping if column in ignored),
        *unknown_fields(target, mapping),
        *shared_fields(fields),
        *no_identity(target, fields),
    ]
    advice = f"Fields that no column goes to: {', '.join(free) or 'none'}."
    return [*problems, advice, *(ways_out(strangers, free) if names else [UNNAMED_WAY_OUT])] if problems else []


def without_a_field(strangers: Iterable[str], free: Sequence[str]) -> Iterator[str]:
    """Yield the columns that have no field."""
    for column in strangers:
        yield f"The column {column!r} has no field{did_you_mean(column, free)}."


def unnamed_without_a_field(roster: Roster, strangers: Collection[str]) -> str:
    """Name the columns without a field by position: without a header the names are a student's values."""
    positions = [str(place) for place, column in enumerate(roster.columns, start=1) if column in strangers]
    return f"The columns {', '.join(positions)} have no field: is the first line the columns' names?"


def option_problems(roster: Roster, option: str, columns: Iterable[str], names: Sequence[str]) -> Iterator[str]:
    """Yield the columns of an option that the roster lacks, with the nearest of the names that may be shown."""
    for column in columns:
        if column not in roster.columns:
            yield f"Unknown column {column!r} for {option}{did_you_mean(column, names)}."


def unknown_fields(target: Target, mapping: Mapping[str, str]) -> Iterator[str]:
    """Yield the unknown fields of --map."""
    for field in mapping.values():
        if field not in target.fields:
            yield f"Unknown field {field!r} for --map{did_you_mean(field, target.fields)}."


def shared_fields(fields: Mapping[str, str]) -> Iterator[str]:
    """Yield the columns that go where another one goes."""
    taken: dict[str, str] = {}
    for column, field in fields.items():
        if taken.setdefault(field, column) != column:
            yield f"The columns {taken[field]!r} and {column!r} both go to the field {field!r}: ignore one."


def no_identity(target: Target, fields: Mapping[str, str]) -> Iterator[str]:
    """Yield the problem that no column identifies students."""
    if target.identities and not {*target.identities} & {*fields.values()}:
        identities = " or ".join(target.identities)
        yield f"No column goes to {identities}, which identifies a student: each import would create them again."


def ways_out(strangers: Iterable[str], free: Sequence[str]) -> Iterator[str]:
    """Yield what to do with columns that have no field, ready to be copied."""
    options = []
    for column in strangers:
        field = nearest(column, free)
        options += ["--map", f"{column}={field}"] if field else ["--ignore", column]
    if options:
        ready = shlex.join(options)
        yield f'Rename them in the first line of the file, or add such options (with make: OPTIONS="…"): {ready}'


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Suggest a near miss."""
    near = nearest(name, names)
    return f" (did you mean {near!r}?)" if near else ""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name whose words are most like another one's, if any is."""
    by_words = {words(other): other for other in names}
    return next((by_words[near] for near in get_close_matches(words(name), by_words, n=1)), None)


def words(name: str) -> str:
    """Return the words of a name in sorted order: `BirthDate` resembles `DateOfBirth`."""
    return " ".join(sorted(re.findall(r"[^\W\d_][^\W\d_A-Z]*|\d+", name))).lower()


def plain(name: str) -> str:
    """Return a name without what a database may have changed of it: `Birth Date` and `birth_date` are one.

    Letters beyond ASCII stay, for with one sign for all of them two names of a script would be one.
    """
    return re.sub(r"[^a-z0-9\x80-\U0010ffff]|\s", "_", name.lower())


def listing(said: str, targets: Iterable[Target]) -> str:
    """Return a sentence and the targets it speaks of."""
    return "\n  ".join([said, *(target.name for target in targets)])
