"""What a column of a student information system means, from the data file `synonyms.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from powerschool_enrollment_roster.names import match_key

_FILE = Path(__file__).with_name("synonyms.yaml")
# The table of students before a column's name. Another table's last name is not the student's.
_STUDENT_TABLE = re.compile(r"^\W*(?:students?|stu)\s*[.\]]\s*", re.IGNORECASE)


@dataclass(frozen=True)
class _System:
    """The meaning of each column of one export, by match key."""

    columns: Mapping[str, str]
    only_with: frozenset[str]


@dataclass(frozen=True)
class Synonyms:
    """The meaning of columns and of fields, by match key."""

    fields: Mapping[str, str]
    systems: tuple[_System, ...]

    def meaning_of_field(self, field: str) -> str | None:
        """Return what a field of an import schema means, for example `birth_date`."""
        return self.fields.get(match_key(field))

    def meanings(self, columns: Iterable[str]) -> dict[str, str]:
        """Return what each of the columns means; a column that the file does not list is left out."""
        keys = {column: column_keys(column) for column in columns}
        header = {key for each in keys.values() for key in each}
        known: dict[str, str] = {}
        for system in self.systems:
            known |= system.columns if system.only_with <= header else {}
        found = {column: next((known[key] for key in each if key in known), None) for column, each in keys.items()}
        return {column: meaning for column, meaning in found.items() if meaning}


def column_keys(column: str) -> list[str]:
    """Return the match keys of a column: the whole name, and the name without its table if that is one of students."""
    return list(dict.fromkeys([match_key(column), match_key(_STUDENT_TABLE.sub("", column))]))


@cache
def synonyms() -> Synonyms:
    """Return the content of the data file."""
    content = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    fields = {match_key(name): meaning for meaning, names in content["fields"].items() for name in names}
    systems = (_system(each) for each in content["systems"])
    return Synonyms(fields, tuple(systems))


def _system(entry: Mapping[str, dict[str, str]]) -> _System:
    columns = {key: meaning for name, meaning in entry["columns"].items() for key in column_keys(name)}
    return _System(columns, frozenset(map(match_key, entry.get("only_with", ()))))
