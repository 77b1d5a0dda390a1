"""Reads a roster, a CSV file from a student information system or a spreadsheet, or reports what is wrong."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DELIMITERS = ",;\t|"
HEADER_LENGTH = 10_000
SHOWN_PROBLEMS = 5
SAVE_AS = 'Save it as "CSV UTF-8" (in Excel: File > Save As).'
QUOTING = 'A value with a separator or a line break must be in quotation marks, with its quotation marks doubled: "".'


class UnusableRoster(Exception):
    """The roster cannot be imported. The message names what to fix, without a value of a row."""


@dataclass(frozen=True)
class Roster:
    """The columns, the rows, and the line of the file on which each row begins: it may hold quoted line breaks."""

    name: str
    columns: list[str]
    rows: list[list[str]] = field(repr=False)
    lines: list[int] = field(repr=False)


def read_roster(path: Path) -> Roster:
    """Return the roster in `path`. Raises UnusableRoster with everything that is wrong with its rows."""
    text = read_text(path)
    if re.match(r"sep=.[\r\n]", text):
        raise UnusableRoster(
            f"The first line of {path.name} only names the delimiter (`sep=`): remove it; the delimiter is detected."
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    _, header = next(numbered(reader, path.name), (0, []))
    columns = columns_of(header, path.name)
    roster = Roster(path.name, columns, rows=[], lines=[])
    problems = []
    for line, cells in numbered(reader, path.name):
        if len(cells) < len(columns) or any(cells[len(columns) :]):
            problems.append(f"Line {line} of {path.name} has {len(cells)} cells, its header {len(columns)}.")
        roster.rows.append(cells[: len(columns)])
        roster.lines.append(line)
    if problems:
        more = [f"And {len(problems) - SHOWN_PROBLEMS:,} lines more."] if len(problems) > SHOWN_PROBLEMS else []
        raise UnusableRoster("\n".join([*problems[:SHOWN_PROBLEMS], *more, QUOTING]))
    if not roster.rows:
        raise UnusableRoster(f"{path.name} has no row below its header.")
    return roster


def read_text(path: Path) -> str:
    """Return the file's text."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnusableRoster(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UnusableRoster(f"Line {line} of {path.name} is not UTF-8 text. {SAVE_AS}") from None
    if "\0" in text:  # UTF-16, or no text at all
        raise UnusableRoster(f"{path.name} is not UTF-8 text. {SAVE_AS}")
    return text


def delimiter_of(text: str) -> str:
    """Return what separates the columns: what makes most of them of the first line, a comma if nothing does."""
    header = text[:HEADER_LENGTH].strip("\r\n").splitlines()[:1]
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader(header, delimiter=delimiter), [])))


def numbered(reader: "csv._reader", name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that hold anything, each with the line on which it begins."""
    line = reader.line_num + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        # Read on without its quotation marks, a value that lacks one would swallow the rows that follow.
        raise UnusableRoster(f"The row on line {line} of {name} cannot be read: {error}. {QUOTING}") from None


def columns_of(header: list[str], name: str) -> list[str]:
    """Return the columns' names. Problems go by position: without a header these are a student's values."""
    columns = [cell.strip() for cell in header]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise UnusableRoster(f"{name} is empty: it needs a line with the columns' names, and a line for each student.")
    if "" in columns:
        raise UnusableRoster(f"Column {columns.index('') + 1} of {name} has no name in the first line.")
    column, count = Counter(columns).most_common(1)[0]
    if count > 1:
        positions = " and ".join(str(place) for place, other in enumerate(columns, start=1) if other == column)
        raise UnusableRoster(f"The columns {positions} of {name} have the same name: rename or remove one.")
    return columns
