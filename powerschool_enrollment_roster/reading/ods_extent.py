"""Reads from an .ods workbook how far the values of each sheet extend, without keeping a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

_CONTENT = "content.xml"
_TABLES = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_SHEET, _ROW = f"{_TABLES}table", f"{_TABLES}table-row"
_CELLS = {f"{_TABLES}table-cell", f"{_TABLES}covered-table-cell"}
_ROWS, _COLUMNS = f"{_TABLES}number-rows-repeated", f"{_TABLES}number-columns-repeated"
_MOST_DIGITS = 10
_VALUES = {"urn:oasis:names:tc:opendocument:xmlns:office:1.0 value-type", f"{_TABLES}formula"}


@dataclass
class SheetExtent:
    """The last row and the last column with a value, from 1; 0 for a sheet without a value."""

    title: str
    last_row: int = 0
    last_column: int = 0

    @property
    def area(self) -> int:
        """Return how many cells a reader keeps."""
        return self.last_row * self.last_column


def ods_extents(binary: BinaryIO) -> list[SheetExtent]:
    """Return the extent of each sheet; nothing for a workbook of another kind, or a damaged one."""
    binary.seek(0)
    found = _Extents()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = found.start
    try:
        with ZipFile(binary) as archive, archive.open(_CONTENT) as source:
            parser.ParseFile(source)
    except (BadZipFile, KeyError, expat.ExpatError):
        return []
    finally:
        binary.seek(0)
    return found.sheets


class _Extents:
    def __init__(self) -> None:
        self.sheets: list[SheetExtent] = []
        self._row = 0
        self._column = 0

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        if element == _SHEET:
            self.sheets.append(SheetExtent(attributes.get(f"{_TABLES}name", "")))
            self._row = 0
        elif element == _ROW:
            self._row += _repeats(attributes, _ROWS)
            self._column = 0
        elif element in _CELLS and self.sheets:
            self._column += _repeats(attributes, _COLUMNS)
            if not _VALUES.isdisjoint(attributes):
                self._extend(self.sheets[-1])

    def _extend(self, sheet: SheetExtent) -> None:
        sheet.last_row = max(sheet.last_row, self._row)
        sheet.last_column = max(sheet.last_column, self._column)


def _repeats(attributes: Mapping[str, str], name: str) -> int:
    number = attributes.get(name, "1")
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS else 1
