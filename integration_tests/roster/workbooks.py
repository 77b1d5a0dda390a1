"""Writes spreadsheets as programs do: .xlsx, .xls and .ods."""

import datetime as dt
import io
import zipfile
from xml.sax.saxutils import escape

import openpyxl
import xlwt


def xlsx(rows, formats=None, sheets=(), hidden=()):
    """Return a workbook with the rows in its first sheet; `formats` has the number format of a cell such as A2."""
    workbook = openpyxl.Workbook()
    for title in sheets[1:]:
        workbook.create_sheet(title).append(["nothing"])
    sheet = workbook.active
    sheet.title = (sheets or ("Roster",))[0]
    for row in rows:
        sheet.append(row)
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    for title in hidden:
        workbook[title].sheet_state = "hidden"
    return saved(workbook)


def xls(rows):
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Roster")
    date = xlwt.easyxf(num_format_str="MM/DD/YYYY")
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            style = date if isinstance(value, dt.date) else xlwt.Style.default_style
            if value is not None:
                sheet.write(number, place, value, style)
    return saved(workbook)


def ods(rows):
    cells = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Roster">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return packed.getvalue()


def ods_cell(value):
    if isinstance(value, dt.date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def saved(workbook):
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def with_file(content, name, change):
    """Return the packed workbook with one of its files changed; `change` takes its bytes and returns them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for each in before.namelist():
            text = before.read(each)
            changed = change(text) if each == name else text
            assert each != name or changed != text, f"{name} is unchanged"
            after.writestr(each, changed)
    return packed.getvalue()
