"""Describes the fields of objects by type, format class and length class, and what does not fit.

A profile contains no value of a record.

The fields that are expected are those of a stream's schema. Fields that the connector adds are in snake_case, and the
service's fields are not, so they are distinguished by the underscore.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from source_powerschool_enrollment.record_types import RecordTypes, schema_of

_TYPES = {str: "text", int: "integer", float: "decimal", bool: "boolean", dict: "object", list: "list"}
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = rf"{_DATE}[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
_FORMATS = tuple(
    (name, re.compile(pattern, re.ASCII | re.IGNORECASE))
    for name, pattern in (
        ("digits", r"\d+"),
        ("date", _DATE),
        ("naive time", _TIME),
        ("time with zone", rf"{_TIME}\s?(Z|[+-]\d\d:?\d\d)"),
        ("US date", r"\d{1,2}/\d{1,2}/\d{4}"),
        ("UUID", r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"),
    )
)
# Fields with US dates, which the stream converts to ISO dates.
_US_DATES = {"checklist_entries": "checklistItems[].dateCompleted"}
_LONGEST_FORMAT = 60
_UUID_LENGTH = 36
FREE_TEXT = "free text"
_LENGTHS = ((10, "1-10"), (50, "11-50"), (250, "51-250"))
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ .-]{0,59}", re.ASCII)
UNPRINTABLE_NAME = "a name that is not shown"


@dataclass
class FieldProfile:
    """The values of one field: how many objects had it, how many values were null or empty, and what the others are.

    `formats` and `lengths` are those of texts that are not empty.
    """

    objects: int = 0
    present: int = 0
    nulls: int = 0
    empties: int = 0
    types: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    lengths: Counter[str] = field(default_factory=Counter)

    def add(self, value: Any) -> None:
        """Count a value."""
        self.present += 1
        if value is None:
            self.nulls += 1
            return
        self.types[_TYPES.get(type(value), "another type")] += 1
        if value in ("", [], {}):
            self.empties += 1
        elif isinstance(value, str):
            self.formats[format_of(value)] += 1
            self.lengths[_length_of(value)] += 1


@dataclass
class ObjectProfile:
    """The fields of objects of one kind.

    `expected` and `new` are by path (`checklistItems[].status`). `groups` are objects with names that differ from form
    to form, such as `dataItems`: by path, the profile of each name in it.
    """

    objects: int = 0
    expected: defaultdict[str, FieldProfile] = field(default_factory=lambda: defaultdict(FieldProfile))
    new: defaultdict[str, FieldProfile] = field(default_factory=lambda: defaultdict(FieldProfile))
    groups: dict[str, defaultdict[str, FieldProfile]] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Return the expected fields that no object has."""
        return [path for path, profile in self.expected.items() if profile.objects and not profile.present]

    @property
    def spelt_otherwise(self) -> list[str]:
        """Return the missing fields that the objects have with other capitals."""
        new = {path.lower() for path in self.new}
        return [path for path in self.missing if path.lower() in new]


def profile_of(records: Iterable[Mapping[str, Any]], schema: Mapping[str, Any]) -> ObjectProfile:
    """Return the profile of a stream's records. `schema` is the stream's schema."""
    profile = ObjectProfile()
    for record in records:
        profile.objects += 1
        _add_object(profile, "", record, schema)
    return profile


def printable_name(name: str) -> str:
    """Return a field's name for a report with names; a name that looks like anything else is not shown."""
    return name if _NAME.fullmatch(name) else UNPRINTABLE_NAME


def format_of(text: str) -> str:
    """Return the format class of a text."""
    if len(text) > _LONGEST_FORMAT or not (text[:1].isdigit() or len(text) == _UUID_LENGTH):
        return FREE_TEXT  # most texts: the patterns would take three quarters of the survey's time
    return next((name for name, pattern in _FORMATS if pattern.fullmatch(text)), FREE_TEXT)


def service_fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and schema of each field that the service sends."""
    return ((name, each) for name, each in schema.get("properties", {}).items() if "_" not in name)


def warnings_of_ids(objects: Sequence[dict[str, Any]], usable: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield what is odd about the ids of `objects`. `usable` are the objects with a usable id, converted."""
    if usable and len(usable) < len(objects):
        yield f"{len(objects) - len(usable)} of {len(objects)} objects have no usable id: they are left out"
    ids = [record["id"] for record in usable]
    if len(set(ids)) < len(ids):
        yield f"{len(ids) - len(set(ids))} of {len(ids)} ids occur more than once"
    sent = {type(record.get("id")) for record in objects}
    if ids and isinstance(ids[0], int) and str in sent:
        yield "ids are texts of digits: the connector emits integers"
    if ids and isinstance(ids[0], str) and int in sent:
        yield "ids are integers: the connector emits texts"


def lost_values(stream: str, profile: ObjectProfile, usable: Iterable[dict[str, Any]]) -> Iterator[tuple[bool, str]]:
    """Yield (whether all values are lost, a text) for each field with values that become null."""
    types, lost = RecordTypes.of_stream(stream), Counter[str]()
    for record in usable:
        types.apply(record, lambda name: lost.update([name]))
    if path := _US_DATES.get(stream):
        formats = profile.expected[path].formats if path in profile.expected else Counter[str]()
        lost[path] = formats.total() - formats["US date"]
    for path, seen in profile.expected.items():
        values = seen.present - seen.nulls - seen.empties
        if number := min(lost[path], values):
            yield number == values, f"`{path}`: {number} of {values} values do not have the type in the schema"


def warnings_of_fields(stream: str, profile: ObjectProfile) -> Iterator[str]:
    """Yield how the fields differ from those of the stream's schema, in name or type."""
    if profile.spelt_otherwise:
        yield f"{named(profile.spelt_otherwise)}: only a field with other capitals was sent, so the column stays empty"
    if absent := [path for path in profile.missing if path not in profile.spelt_otherwise]:
        yield f"{named(absent)}: expected, and missing in all objects"
    if profile.new:
        yield f"fields that the schema does not describe: {len(profile.new)}; they are emitted as they are"
    texts = {
        name for name, each in service_fields(schema_of(stream)) if "string" in each["type"] and "format" not in each
    }
    profiles = {name: [profile.expected[name]] for name in sorted(texts - {"id"})}
    profiles |= {path: [*names.values()] for path, names in profile.groups.items()}
    if odd := [path for path, all_seen in profiles.items() if any(seen.types.keys() - {"text"} for seen in all_seen)]:
        yield f"{named(odd)}: values that are not texts are emitted as JSON text"


def named(paths: Iterable[str]) -> str:
    """Return the names of fields as a list in Markdown."""
    return ", ".join(f"`{path}`" for path in paths)


def _add_object(profile: ObjectProfile, prefix: str, value: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    known = dict(service_fields(schema))
    for name, field_schema in known.items():
        seen = profile.expected[f"{prefix}{name}"]
        seen.objects += 1
        if name in value:
            seen.add(value[name])
            _add_inside(profile, f"{prefix}{name}", value[name], field_schema)
    for name in value.keys() - known.keys():
        new = profile.new[f"{prefix}{name}"]
        new.objects += 1
        new.add(value[name])


def _add_inside(profile: ObjectProfile, path: str, value: Any, schema: Mapping[str, Any]) -> None:
    """Add the entries of an object without declared fields, or the fields of the objects in a list."""
    items = schema.get("items", {})
    if isinstance(value, dict) and "properties" not in schema:
        group = profile.groups.setdefault(path, defaultdict(FieldProfile))
        for name, entry in value.items():
            group[name].add(entry)
    elif isinstance(value, list) and "properties" in items:
        for entry in value:
            if isinstance(entry, dict):
                _add_object(profile, f"{path}[].", entry, items)


def _length_of(text: str) -> str:
    return next((name for most, name in _LENGTHS if len(text) <= most), "over 250")
