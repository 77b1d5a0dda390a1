"""Reads delimited text: finds the delimiter, and yields the cells of each record with the line on which it begins."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import IO

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.reading.table import InputTable, TableLine

_DELIMITERS = ",\t;|^"
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 50
_QUOTING = 'A cell with a delimiter or a line break must be in quotation marks, with its quotation marks doubled: "".'
# Excel's own hint for its delimiter, on a line above the header.
_SEP_LINE = re.compile(r"\"?sep=(.)\"?\r?\n?|\"?sep=(.)\"?\r", re.IGNORECASE)


@dataclass(frozen=True)
class _Dialect:
    delimiter: str
    skips_spaces: bool
    first_line: int = 1


def read_text(text: IO[str], name: str) -> InputTable:
    """Return the lines of delimited text; `text` is seekable and keeps its line ends.

    Raises ImportRefused, also while the lines are read, for a quotation mark that is not closed.
    """
    sample = text.read(_SAMPLE)
    if sample.lstrip()[:1] == "<":
        raise ImportRefused(f"{name} is a web page or XML: open it in a spreadsheet program, and save it as .xlsx.")
    dialect = _dialect_of(sample)
    text.seek(0)
    for _ in range(dialect.first_line - 1):
        text.readline()
    return InputTable(name, _records(text, name, dialect))


def _dialect_of(sample: str) -> _Dialect:
    hint = _SEP_LINE.match(sample)
    rows = sample[hint.end() :] if hint else sample
    delimiter = (
        (hint[1] or hint[2]) if hint else max(_DELIMITERS, key=lambda each: _delimiters_in_common_rows(rows, each))
    )
    return _Dialect(delimiter, _has_spaces_after(rows, delimiter), 2 if hint else 1)


def _delimiters_in_common_rows(sample: str, delimiter: str) -> int:
    """Return how many delimiters are in rows of the most common width: a comma in a name is rarely in every row."""
    widths = Counter(len(row) for row in _sample_rows(sample, delimiter))
    return max((rows * (width - 1) for width, rows in widths.items()), default=0)


def _has_spaces_after(sample: str, delimiter: str) -> bool:
    """Return whether each delimiter of the header, or one before a quotation mark, is followed by a space."""
    rows = _sample_rows(sample, delimiter)
    header = rows[0][1:] if rows else []
    is_padded = bool(header) and all(cell.startswith(" ") for cell in header)
    return is_padded or any(cell.startswith(' "') for row in rows for cell in row)


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    """Return the first rows. If the sample ends within the text, its last row is left out: it may be incomplete."""
    reader = csv.reader(StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        rows.extend(islice((row for row in reader if any(row)), _SAMPLE_ROWS))
    except csv.Error:  # the record is reported when it is read
        return rows
    return rows[:-1] if len(sample) == _SAMPLE and 1 < len(rows) < _SAMPLE_ROWS else rows


def _records(text: IO[str], name: str, dialect: _Dialect) -> Iterator[TableLine]:
    reader = csv.reader(text, delimiter=dialect.delimiter, skipinitialspace=dialect.skips_spaces, strict=True)
    skipped = dialect.first_line - 1
    line = dialect.first_line
    try:
        for cells in reader:
            yield TableLine(line, cells)
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        # Without `strict`, a cell that lacks its closing quotation mark would contain the rows that follow.
        raise ImportRefused(f"The row on line {line} of {name} cannot be read: {error}. {_QUOTING}") from None
