"""Reads from an .xlsx sheet what its values do not show: errors, formulas without a result, hidden rows, its extent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import IO, BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl.utils.cell import column_index_from_string, coordinate_to_tuple

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_CHUNK = 1 << 20
_LARGEST_ROW = 64 << 20  # bytes
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_SHEET, _RELATION = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>"), re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_HIDDEN, _NUMBER = re.compile(rb'\bhidden="(?:1|true)"'), re.compile(rb'\br="(\d+)"')
_ROW_END = re.compile(rb"</(?:\w+:)?row>")
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_LAST_PLACE = re.compile(rb' r="([A-Z]{1,3})(\d{1,7})"')
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>/]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_NOTABLE = re.compile(rb'<(?:\w+:)?f[\s/>]|\bt="e"')


@dataclass
class SheetNotes:
    """The text of error cells, the cells whose formula has no result, and the hidden rows; all counted from 1.

    A program other than a spreadsheet program may write a formula without a result, which then looks like a blank cell.
    `last_row` and `last_column` (its letters) are the last ones with a value, which may be a blank text.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unsaved: set[tuple[int, int]] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    last_row: int = 0
    last_column: str = ""

    @property
    def area(self) -> int:
        """Return how many cells calamine keeps: all from A1 to the last row and the last column."""
        return self.last_row * (column_index_from_string(self.last_column) if self.last_column else 0)


def sheet_notes(binary: BinaryIO, sheet: str) -> SheetNotes:
    """Return the notes on a sheet of an .xlsx workbook; nothing for a workbook of another kind."""
    notes = SheetNotes()
    binary.seek(0)
    try:
        with ZipFile(binary) as archive, archive.open(_path_of(archive, sheet)) as source:
            for row in _row_texts(source):
                _add(row, notes)
    except (BadZipFile, KeyError):
        return SheetNotes()
    return notes


def _path_of(archive: ZipFile, sheet: str) -> str:
    """Return the file of a sheet in the archive. Raises KeyError if it is not found."""
    sheets = _elements(archive, _WORKBOOK, _SHEET)
    ids = {each["name"]: value for each in sheets for key, value in each.items() if key.endswith(":id")}
    targets = {each["Id"]: each["Target"] for each in _elements(archive, _RELATIONS, _RELATION)}
    return normpath(join("/xl", targets[ids[sheet]])).lstrip("/")


def _elements(archive: ZipFile, file: str, element: re.Pattern[str]) -> list[dict[str, str]]:
    text = archive.read(file).decode("utf-8", "replace")
    return [
        {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found)} for found in element.findall(text)
    ]


def _row_texts(source: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while (chunk := source.read(_CHUNK)) and len(rest) < _LARGEST_ROW:
        *rows, rest = _ROW_END.split(rest + chunk)
        yield from rows


def _add(row: bytes, notes: SheetNotes) -> None:
    """Add the notes on a row. The text may begin with rows without cells, which have no end tag."""
    if b"hidden=" in row:
        hidden = (attributes for attributes in _ROW.findall(row) if _HIDDEN.search(attributes))
        numbers = (_NUMBER.search(attributes) for attributes in hidden)
        notes.hidden.update(int(number[1]) for number in numbers if number)
    _add_extent(row, notes)
    if _NOTABLE.search(row):
        for attributes, content in _CELL.findall(row):
            _add_cell(attributes, content, notes)


def _add_extent(row: bytes, notes: SheetNotes) -> None:
    """Extend the area by the row's last cell with a value: a cell that has only a format takes no memory."""
    end = max(row.rfind(b"v>"), row.rfind(b"is>"))
    place = _LAST_PLACE.match(row, row.rfind(b' r="', 0, end)) if end > 0 else None
    if place:
        notes.last_row = max(notes.last_row, int(place[2]))
        notes.last_column = max(notes.last_column, place[1].decode(), key=lambda letters: (len(letters), letters))


def _add_cell(attributes: bytes, content: bytes, notes: SheetNotes) -> None:
    place = _PLACE.search(attributes)
    if place is None:
        return
    value = _VALUE.search(content)
    if b't="e"' in attributes and value:
        notes.errors[coordinate_to_tuple(place[1].decode())] = value[1].decode("utf-8", "replace")
    # A formula whose result is an empty text has the type `str`.
    elif value is None and b't="str"' not in attributes and _FORMULA.search(content):
        notes.unsaved.add(coordinate_to_tuple(place[1].decode()))
