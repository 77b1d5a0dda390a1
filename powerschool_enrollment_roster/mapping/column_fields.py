"""Finds the field of each column, and reports each column without one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from destination_powerschool_enrollment.columns import AIRBYTE_COLUMN_PREFIX
from powerschool_enrollment_airbyte.suggestions import closest, listed
from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.mapping.import_targets import ImportTarget
from powerschool_enrollment_roster.mapping.mapping_options import MappingOptions
from powerschool_enrollment_roster.mapping.synonyms import column_keys, synonyms
from powerschool_enrollment_roster.names import ADDED_COLUMNS, match_key
from powerschool_enrollment_roster.reading.roster import Roster
from powerschool_enrollment_roster.reading.table import is_blank

_SHOWN = 10
# Columns with a field. A student's row that is taken for the header has fewer values that are field names.
_CERTAIN = 3


@dataclass(frozen=True)
class ColumnFields:
    """The field of each column that is sent, and the columns that are left out, in the order of the roster."""

    fields: Mapping[str, str]
    ignored: Sequence[str]

    @property
    def columns(self) -> dict[str, str]:
        """Return the column of each field."""
        return {field: column for column, field in self.fields.items()}


def fields_of(roster: Roster, target: ImportTarget, mapping_options: MappingOptions) -> ColumnFields:
    """Return the field of each column. Raises ImportRefused with all problems."""
    choice = _Choice(roster, target, mapping_options)
    if not choice.is_certain and (line := _better_header(roster, target, choice)):
        raise ImportRefused(header_line_message(roster, line))
    problems = [*roster.problems, *choice.problems()]
    if problems:
        raise ImportRefused("\n".join([f"{roster.name} does not fit {target.name!r}:", *problems, *choice.advice()]))
    names = roster.header.names
    in_order = {column: choice.fields[column] for column in names if column in choice.fields}
    return ColumnFields(in_order, list(dict.fromkeys(column for column in names if column not in in_order)))


def header_line_message(roster: Roster, line: int) -> str:
    """Return the message for a header that is probably on another line."""
    return (
        f"{roster.name}: {roster.unit} {roster.header.line} does not have the columns' names, but {roster.unit} {line} "
        f"seems to: add --header-line {line}."
    )


def likely_header(roster: Roster, known: int = 1) -> int | None:
    """Return the number of the line below the header with the most column names of student information systems.

    Return None if the line has no more of them than the header, or no more than `known`.
    """
    below = (line for line in roster.first_lines if line.number > roster.header.line)
    found = {line.number: _count_of_meanings(line.cells) for line in below}
    best = max(found, key=lambda number: found[number], default=None)
    if best is None or found[best] <= max(1, known, _count_of_meanings(roster.header.names)):
        return None
    return best


def _count_of_meanings(names: Iterable[str]) -> int:
    return len(set(synonyms().meanings(name for name in names if not is_blank(name)).values()))


def _better_header(roster: Roster, target: ImportTarget, choice: _Choice) -> int | None:
    """Return the number of a line below the header that names more fields than the header does; None if none does."""
    keys = set(map(match_key, target.fields))
    counts = {
        line.number: len({match_key(cell) for cell in line.cells} & keys)
        for line in roster.first_lines
        if line.number > roster.header.line
    }
    best = max(counts, key=lambda number: counts[number], default=None)
    if best is not None and counts[best] > max(1, len(choice.fields)):
        return best
    return likely_header(roster, len(choice.fields))


class _Choice:
    """Chooses the fields of the columns: as the options state, else by equal names, else by synonyms."""

    def __init__(self, roster: Roster, target: ImportTarget, mapping_options: MappingOptions) -> None:
        columns = roster.header.names
        self._header = roster.header
        self._columns = columns
        self._target = target
        self._column_of = {match_key(column): column for column in columns}
        self._field_of = _unambiguous(target.fields)
        self._unknown = [("--only", column) for column in roster.unknown_columns]
        self._unknown_fields: list[str] = []
        self._repeated_fields: list[str] = []
        self.undecided: dict[str, list[str]] = {}
        ignored = self._ignored_columns = self._ignored(mapping_options)
        self.fields = self._mapped(mapping_options)
        self._mapped_and_ignored = [column for column in self.fields if column in ignored]
        rest = [column for column in columns if column not in ignored and column not in self.fields]
        self._add_by_name(rest)
        self._add_by_synonym([column for column in rest if column not in self.fields])
        undecided = {column for columns in self.undecided.values() for column in columns}
        unmapped = list(dict.fromkeys(name for name in rest if name not in self.fields and name not in undecided))
        self.unmapped = [] if mapping_options.ignores_others else unmapped

    @property
    def is_certain(self) -> bool:
        """Return whether the header certainly has the columns' names.

        If not, its cells may be a student's values, so no message shows them.
        """
        found = len(self.fields)
        return found >= _CERTAIN or (found > 0 and found >= len(self._columns) - found)

    @property
    def free(self) -> list[str]:
        """Return the fields that no column goes to."""
        return [field for field in self._target.fields if field not in self.fields.values()]

    def problems(self) -> Iterator[str]:
        """Yield all problems of the columns and of the options."""
        for option, column in self._unknown:
            yield f"{option}: {self._header.place} has no column {column!r}.{self._suggested(column)}"
        for field in self._unknown_fields:
            yield f"--map: the field {field!r} does not exist. The fields are {listed(self._target.fields)}."
        for field in self._repeated_fields:
            yield f"--map: two columns go to the field {field}."
        yield from self._problems_of_names()
        for column in self._mapped_and_ignored:
            yield f"The column {column!r} is both mapped and ignored."
        for field, columns in self.undecided.items():
            yield (
                f"The columns {' and '.join(map(repr, columns))} may both be the field {field}. Choose one with "
                f"--map COLUMN={field}, and leave the other out with --ignore COLUMN."
            )
        yield from self._problems_of_unmapped()
        yield from self._problem_of_identity()
        if not (self.fields or self.unmapped or self.undecided):
            yield "No column goes to a field."

    def advice(self) -> Iterator[str]:
        """Yield what to do about the columns without a field."""
        if len(self._header.columns) == 1:
            yield (
                f"{self._header.place} has one column only. Commas, semicolons, tabs, bars or carets must separate the "
                "cells of a text, and a line must not be in quotation marks as a whole."
            )
        if not self.is_certain:
            yield (
                f"Does {self._header.place} have the columns' names? If another line has them, add --header-line N. "
                "If no line has them, add one."
            )
        if self.unmapped or not self.fields:
            yield f"Fields without a column: {self._listed_free()}."
            yield (
                "Name the field of a column with --map COLUMN=FIELD, leave a column out with --ignore COLUMN, or all "
                "columns without a field with --ignore-others."
            )

    def _suggested(self, column: str) -> str:
        """Return a suggestion for a column that does not exist; an empty text if the header may be a student's row."""
        if not self.is_certain:
            return ""
        near = closest(column, self._columns, normalise=match_key)
        return f" Did you mean {near!r}?" if near else f" It has {listed(map(repr, self._columns), most=_SHOWN)}."

    def _listed_free(self) -> str:
        more = len(self.free) - _SHOWN
        hint = " (all: --dry-run --ignore-others --save-mapping FILE)" if more > 0 else ""
        return listed(self.free, most=_SHOWN) + hint

    def _problems_of_unmapped(self) -> Iterator[str]:
        if self.unmapped and self.is_certain:
            shown = listed(map(repr, self.unmapped), most=30)
            yield f"The column{_s(self.unmapped)} without a field: {shown}."
        elif self.unmapped:
            places = [self._header.columns.index(column) for column in self.unmapped]
            yield f"The column{_s(places)} without a field: {self._header.labels(places)}."

    def _problems_of_names(self) -> Iterator[str]:
        """Yield the columns with the same name of which one goes to a field, unless all others are ignored."""
        undecided = {column for columns in self.undecided.values() for column in columns}
        for places in self._header.repeated.values():
            names = [self._header.columns[place] for place in places]
            used = [name for name in names if name in self.fields or name in undecided]
            if len(used) > 1 or (used and not self._ignored_columns.issuperset(set(names) - set(used))):
                yield self._header.same_name(places)

    def _problem_of_identity(self) -> Iterator[str]:
        identities = self._target.identities
        undecided = set(self.undecided) & set(identities)
        if identities and not undecided and not set(identities) & set(self.fields.values()):
            yield (
                f"No column goes to {' or '.join(identities)}, which identifies a student: each import would "
                "create the students again."
            )

    def _ignored(self, mapping_options: MappingOptions) -> set[str]:
        found = {self._column_named(column) for column in mapping_options.ignored_by_file} - {None}
        for column in mapping_options.ignored:
            known = self._column_named(column)
            found.add(known)
            if known is None:
                self._unknown.append(("--ignore", column))
        return {column for column in found if column is not None} | set(self._added_by_programs())

    def _added_by_programs(self) -> Iterator[str]:
        """Yield the columns that a warehouse or this command adds to those of a roster."""
        yield from (column for column in self._columns if column.startswith(AIRBYTE_COLUMN_PREFIX))
        if list(self._columns[-len(ADDED_COLUMNS) :]) == ADDED_COLUMNS:
            yield from (column for column in ADDED_COLUMNS if match_key(column) not in self._field_of)

    def _mapped(self, mapping_options: MappingOptions) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for column, wanted in mapping_options.fields.items():
            known, field = self._column_named(column), self._field_named(wanted)
            if known is None:
                self._unknown.append(("--map", column))
            elif field is None:
                self._unknown_fields.append(wanted)
            elif field in chosen.values():
                self._repeated_fields.append(field)
            else:
                chosen[known] = field
        return chosen

    def _add_by_name(self, columns: Iterable[str]) -> None:
        for column in columns:
            field = self._field_of.get(match_key(column))
            if field in self.free:
                self.fields[column] = field

    def _add_by_synonym(self, columns: Sequence[str]) -> None:
        known = synonyms()
        fields = _by_meaning(self._target.fields)
        candidates = defaultdict(list)
        meanings = known.meanings(self._columns)
        for column in columns:
            by_table = [self._field_of[key] for key in column_keys(column) if key in self._field_of]
            field = next(iter(by_table), fields.get(meanings.get(column, "")))
            if field in self.free:
                candidates[field].append(column)
        for field, sharing in candidates.items():
            if len(sharing) == 1:
                self.fields[sharing[0]] = field
            else:
                self.undecided[field] = sharing

    def _column_named(self, column: str) -> str | None:
        return column if column in self._columns else self._column_of.get(match_key(column))

    def _field_named(self, field: str) -> str | None:
        return field if field in self._target.fields else self._field_of.get(match_key(field))


def _unambiguous(names: Iterable[str]) -> dict[str, str]:
    """Return the names by match key, without keys that two names share."""
    found = defaultdict(list)
    for name in names:
        found[match_key(name)].append(name)
    return {key: same[0] for key, same in found.items() if key and len(same) == 1}


def _by_meaning(fields: Iterable[str]) -> dict[str, str]:
    """Return the field of each meaning, without meanings that two fields share."""
    found = defaultdict(list)
    for field in fields:
        found[synonyms().meaning_of_field(field)].append(field)
    return {meaning: same[0] for meaning, same in found.items() if meaning and len(same) == 1}


def _s(items: Sequence[object]) -> str:
    return "s" if len(items) > 1 else ""
