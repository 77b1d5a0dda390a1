"""Adds the column `role` to the users.csv of OneRoster 1.2, which keeps the roles in another file, roles.csv.

Source: https://www.imsglobal.org/spec/oneroster/v1p2/bind/csv. Afterwards the table is like that of OneRoster 1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.names import match_key
from powerschool_enrollment_roster.reading.layout import header_of
from powerschool_enrollment_roster.reading.row_filter import DELETED
from powerschool_enrollment_roster.reading.table import InputTable, TableLine, is_blank

ROLES_FILE = "roles.csv"
_ROLE, _STUDENT = "role", "student"
_USER_ID = "sourcedid"


@dataclass(frozen=True)
class UserRoles:
    """The role of each user by sourcedId; `student` for a user who has this role and others. `source` is the file."""

    source: str
    of_user: Mapping[str, str] = field(repr=False)


def read_roles(table: InputTable) -> UserRoles:
    """Return the roles in a roles.csv, without those marked for deletion. Raises ImportRefused for another file."""
    header = header_of(table, None)
    places = {match_key(name): place for place, name in enumerate(header.columns)}
    if not {"usersourcedid", _ROLE} <= places.keys():
        raise ImportRefused(
            f"{header.place}: the columns userSourcedId and role, which state who is a student, are missing. Export "
            f"OneRoster again, or leave {ROLES_FILE} out and import a file with students only."
        )
    of_user: dict[str, str] = {}
    for line in table.lines:
        user, role, status = (_cell(line, places.get(name)) for name in ("usersourcedid", _ROLE, "status"))
        if status.casefold() != DELETED and (user not in of_user or role.casefold() == _STUDENT):
            of_user[user] = role
    return UserRoles(table.name, of_user)


def with_roles(users: InputTable, find_roles: Callable[[], UserRoles | None]) -> InputTable:
    """Return the table, with the column `role` if it is a users.csv of OneRoster 1.2 and its roles are found.

    `find_roles` is called only for such a table. A user without a role gets an empty one, and is not a student.
    """
    first: list[TableLine] = []
    for line in users.lines:
        first.append(line)
        if line.filled:
            break
    lines = chain(first, users.lines)
    roles = find_roles() if first and _lacks_roles(first[-1]) else None
    if roles is None:
        return replace(users, lines=lines)
    note = f"The column role is added from {roles.source}."
    return replace(users, lines=_joined(lines, first[-1], roles), notes=(*users.notes, note))


def _lacks_roles(header: TableLine) -> bool:
    names = set(map(match_key, header.cells))
    return {_USER_ID, "enableduser"} <= names and _ROLE not in names


def _joined(lines: Iterator[TableLine], header: TableLine, roles: UserRoles) -> Iterator[TableLine]:
    """Yield the lines with a role behind the columns of the header. A line with too few cells is left as it is."""
    place = list(map(match_key, header.cells)).index(_USER_ID)
    width = max(place for place, cell in enumerate(header.cells, start=1) if not is_blank(cell))
    of_user = {**roles.of_user, header.cells[place].strip(): _ROLE}  # the name of the new column, in each header
    for line in lines:
        if len(line.cells) < width:
            yield line
        else:
            role = of_user.get(_cell(line, place), "")
            yield replace(line, cells=[*line.cells[:width], role, *line.cells[width:]])


def _cell(line: TableLine, place: int | None) -> str:
    return line.cells[place].strip() if place is not None and place < len(line.cells) else ""
