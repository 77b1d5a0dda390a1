"""Reads a sheet of a workbook: .xlsx, .xls or .ods. Numbers become the digits that the spreadsheet displays."""

from __future__ import annotations

import html
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.cell import get_column_letter
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.reading.cell_text import cell_text, in_format, is_date, is_exact
from powerschool_enrollment_roster.reading.ods_extent import ods_extents
from powerschool_enrollment_roster.reading.sheet_notes import SheetNotes, sheet_notes
from powerschool_enrollment_roster.reading.table import InputTable, TableLine

_STYLES = "xl/styles.xml"
_MOST_CELLS = 30_000_000  # calamine keeps also the blank cells between others; a cell takes about 35 bytes
_MOST_CELLS_OF_ODS = 15_000_000  # calamine keeps these twice
_LAST_COLUMN = 18278  # ZZZ
_NO_RESULT = "=?"  # the text of a cell whose formula has no result: the cell is not blank
_FORMAT_CODE = re.compile(r'formatCode="([^"]*)"')
Formats = Mapping[tuple[int, int], str]


def read_workbook(binary: BinaryIO, name: str, sheet: str | None) -> InputTable:
    """Return the rows of the sheet with this name or position, or of the first visible one. Raises ImportRefused."""
    try:
        _refuse_huge_ods(binary, name)
        workbook = CalamineWorkbook.from_filelike(binary)
        title = _sheet_title(workbook, name, sheet)
        called, notes = _name_of(workbook, name, title), sheet_notes(binary, title)
        _refuse_huge_xlsx(called, notes)
        chosen = workbook.get_sheet_by_name(title)
        # The sheet's area may begin in another column than A; rows are counted from the first one.
        first_column = (chosen.start or (0, 0))[1] + 1
        rows = _noted(chosen, first_column, _format_reader(binary, title), notes)
        return InputTable(called, rows, "row", first_column)
    except ImportRefused:
        raise
    except BaseException as error:
        # The libraries report damage with errors of any kind, calamine also with a panic of its Rust code.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ImportRefused(
            f"{name} cannot be read as a spreadsheet: it is damaged, or protected by a password. "
            "Save it again as .xlsx."
        ) from None


def _name_of(workbook: CalamineWorkbook, name: str, sheet: str) -> str:
    """Return the name for messages; it includes the sheet unless this is the only visible one."""
    return name if _visible(workbook) == [sheet] else f"{name}, sheet {sheet!r}"


def _visible(workbook: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _sheet_title(workbook: CalamineWorkbook, name: str, wanted: str | None) -> str:
    names = workbook.sheet_names
    if wanted is None:
        return (_visible(workbook) or names)[0]
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 0 < int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise ImportRefused(f"--sheet {wanted}: {name} has no such sheet. It has {', '.join(map(repr, names))}.")


def _refuse_huge_xlsx(called: str, notes: SheetNotes) -> None:
    """Raise ImportRefused if the sheet is too large."""
    if notes.area > _MOST_CELLS:
        raise _huge_area(called, notes.last_row, notes.last_column)


def _refuse_huge_ods(binary: BinaryIO, name: str) -> None:
    """Raise ImportRefused if the sheets of an .ods are too large together: calamine reads all of them at once."""
    sheets = ods_extents(binary)
    if sum(sheet.area for sheet in sheets) > _MOST_CELLS_OF_ODS:
        largest = max(sheets, key=lambda sheet: sheet.area)
        column = _letters(largest.last_column)
        raise _huge_area(f"{name}, sheet {largest.title!r}", largest.last_row, column)


def _letters(column: int) -> str:
    return get_column_letter(column) if column <= _LAST_COLUMN else str(column)


def _huge_area(called: str, last_row: int, last_column: str) -> ImportRefused:
    """Return the refusal of a stray cell far from the others: calamine would fill the memory and end the process."""
    return ImportRefused(
        f"{called} is too large: it has a value, perhaps only a blank, in row {last_row:,}, and one in "
        f"column {last_column}. Delete the rows below the students and the columns beside them, and save it."
    )


class _KnownFormats:
    """Displays whole numbers by the number formats of their cells, which are read once."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats

    def displayed(self, row: int, column: int, digits: str) -> str | None:
        """Return the displayed digits; None if the format shows something else."""
        number_format = self._formats.get((row, column))
        return digits if number_format is None else in_format(digits, number_format)


class _UnknownFormats(_KnownFormats):
    """The formats of a workbook that is not .xlsx: they cannot be read."""

    def displayed(self, row: int, column: int, digits: str) -> str | None:  # noqa: ARG002 - the same for every cell
        """Return None."""
        return None


def _format_reader(binary: BinaryIO, sheet: str) -> _KnownFormats:
    try:
        with ZipFile(binary) as archive:
            styles = archive.read(_STYLES).decode("utf-8", "replace")
    except (BadZipFile, KeyError):
        return _UnknownFormats({})
    # Only formats with leading zeros matter: they display more digits than the number has. Few workbooks have one.
    if any(_pads(html.unescape(code)) for code in _FORMAT_CODE.findall(styles)):
        return _KnownFormats(_formats_of(binary, sheet))
    return _KnownFormats({})


def _pads(code: str) -> bool:
    return in_format("1", code) is not None


def _formats_of(binary: BinaryIO, sheet: str) -> Formats:
    """Return the format of each number cell that has one with leading zeros, by row and column, from 1."""
    binary.seek(0)
    with warnings.catch_warnings(), closing(load_workbook(binary, read_only=True)) as workbook:
        warnings.simplefilter("ignore")  # openpyxl's warnings quote values
        return {
            (cell.row, cell.column): cell.number_format
            for row in workbook[sheet].iter_rows()
            for cell in row
            if isinstance(cell.value, int | float) and _pads(cell.number_format)
        }


def _noted(sheet: CalamineSheet, first_column: int, formats: _KnownFormats, notes: SheetNotes) -> Iterator[TableLine]:
    """Yield the rows with what their values do not show."""
    errors, unsaved, merged = _by_row(notes.errors), _by_row(notes.unsaved), _by_row(_merged_below(sheet))
    last = 0
    for line in _rows(sheet, first_column, formats):
        last = line.number
        for column in errors.get(last, ()):
            _put(line.cells, column - first_column, notes.errors[last, column])
        for column in unsaved.get(last, ()):
            _put(line.cells, column - first_column, _NO_RESULT)
        yield replace(
            line,
            unsaved=tuple(column - first_column for column in unsaved.get(last, ())),
            merged=tuple(column - first_column for column in merged.get(last, ())),
            hidden=last in notes.hidden,
        )
    # Rows of formulas without results at the end do not belong to the sheet's area.
    for row in sorted(row for row in unsaved if row > last):
        places = tuple(column - first_column for column in unsaved[row])
        yield TableLine(row, [_NO_RESULT] * (max(places) + 1), unsaved=places)


def _put(cells: list[str], place: int, text: str) -> None:
    """Set the text of a cell, which may be to the right of the sheet's area."""
    if place >= 0:
        cells.extend([""] * (place + 1 - len(cells)))
        cells[place] = text


def _by_row(cells: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    columns: dict[int, list[int]] = defaultdict(list)
    for row, column in cells:
        columns[row].append(column)
    return columns


def _merged_below(sheet: CalamineSheet) -> Iterator[tuple[int, int]]:
    """Yield the cells, from 1, that are merged with the cell above."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(top + 1, min(bottom, sheet.total_height) + 1):
            yield from ((row + 1, column + 1) for column in range(left, right + 1))


def _rows(sheet: CalamineSheet, first_column: int, formats: _KnownFormats) -> Iterator[TableLine]:
    for number, values in enumerate(sheet.iter_rows(), start=1):
        yield _row(number, values, first_column, formats)


def _row(number: int, values: list[Any], first_column: int, formats: _KnownFormats) -> TableLine:
    cells = list(map(cell_text, values))
    doubtful = []
    for place, value in enumerate(values):
        if isinstance(value, int | float) and not isinstance(value, bool):
            shown = formats.displayed(number, first_column + place, cells[place]) if is_exact(value) else None
            cells[place] = shown or cells[place]
            if shown is None:
                doubtful.append(place)
    dates = tuple(place for place, value in enumerate(values) if is_date(value))
    return TableLine(number, cells, dates, tuple(doubtful))
