"""Finds the student of each roster row, by the columns that are mapped to identifying fields."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from roster_file import Roster, UnusableRoster
from roster_target import Target

SHOWN = 5


def refuse_rows_of_nobody(roster: Roster, target: Target, fields: Mapping[str, str]) -> None:
    """Raises UnusableRoster for rows that identify no student: PowerSchool could not recognise the child later."""
    columns = identity_columns(target, fields)
    lines = [line for line, student in students(roster, columns) if not any(student)]
    if columns and lines:
        rows = "These rows have" if len(lines) > 1 else "This row has"
        raise UnusableRoster(
            f"{named(roster, lines)}: {rows} no {' or '.join(columns)}, which tells students apart: "
            "each import would create the children again."
        )


def repetitions(roster: Roster, target: Target, fields: Mapping[str, str]) -> str | None:
    """Report the lines that are about the same student, without the ids."""
    columns = identity_columns(target, fields)
    lines = defaultdict(list)
    for line, student in students(roster, columns):
        lines[student].append(line)
    repeated = [named(roster, each) for each in lines.values() if len(each) > 1]
    if not columns or not repeated:
        return None
    more = f"; and {len(repeated) - SHOWN:,} students more" if len(repeated) > SHOWN else ""
    return f"The same {' and '.join(columns)}, so that the last row stays: {'; '.join(repeated[:SHOWN])}{more}."


def identity_columns(target: Target, fields: Mapping[str, str]) -> list[str]:
    """Return the columns whose fields identify students."""
    return [column for column, field in fields.items() if field in target.identities]


def students(roster: Roster, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each row's line and what its columns of these names hold."""
    places = [roster.columns.index(column) for column in columns]
    for line, row in zip(roster.lines, roster.rows, strict=True):
        yield line, tuple(row[place].strip() for place in places)


def named(roster: Roster, lines: Sequence[int]) -> str:
    """Name lines of the file."""
    shown = ", ".join(str(line) for line in lines[:SHOWN])
    more = f" and {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
    return f"{roster.name}, line{'s' if len(lines) > 1 else ''} {shown}{more}"
