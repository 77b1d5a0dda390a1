"""Recognises files that are not rosters, such as a PDF that was chosen by mistake, and names what they are."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import BinaryIO

from powerschool_enrollment_roster.endings import ImportRefused

_SAMPLE = 4096
_LARGEST_DIRECTORY = 64 << 20  # bytes of an OLE file that are searched for the names of its streams
_BEGINNINGS = (
    (rb"%PDF", "a PDF document"),
    (rb"\{\\rtf", "a text document"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*", "a picture"),
    (rb"7z\xbc\xaf|Rar!|BZh\d1AY|\xfd7zXZ|\x28\xb5\x2f\xfd|(?s:.{257})ustar", "an archive that is not .zip or .gz"),
    (rb"SQLite format 3", "a database"),
    (rb"PAR1", "a Parquet file"),
    (rb"MIME-Version:", "a web page"),
    (rb"ID;PWXL", "a SYLK file"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*\"", "JSON"),
)
_OFFICE_FOLDERS = {"word/": "a Word document", "ppt/": "a presentation"}
_XLSB = "xl/workbook.bin"
_OLE_STREAMS = {"WordDocument": "a Word document", "PowerPoint Document": "a presentation"}
_WORKBOOK_STREAMS = ("Workbook", "Book")  # a workbook may embed a document, and then has its stream, too


def refuse_other_file(binary: BinaryIO, name: str) -> None:
    """Raise ImportRefused if the file begins like a format that cannot be a roster, such as PDF."""
    start = binary.read(_SAMPLE)
    binary.seek(0)
    for pattern, kind in _BEGINNINGS:
        if re.match(pattern, start):
            raise _refused(name, kind)


def refuse_other_archive(members: Collection[str], name: str) -> None:
    """Raise ImportRefused if a .zip archive with these files is another program's document."""
    if "[Content_Types].xml" in members:
        for folder, kind in _OFFICE_FOLDERS.items():
            if any(member.startswith(folder) for member in members):
                raise _refused(name, kind)
    if _XLSB in members:
        raise ImportRefused(f"{name} is a binary workbook (.xlsb), which is not read: save it as .xlsx.")
    if any(member.endswith(".iwa") for member in members):
        raise _refused(name, "a document of Apple Numbers, Pages or Keynote")


def refuse_other_ole(binary: BinaryIO, name: str) -> None:
    """Raise ImportRefused if an OLE file, the container of .xls, is encrypted or another program's document."""
    content = binary.read(_LARGEST_DIRECTORY)
    binary.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise ImportRefused(
            f"{name} is protected by a password: open it in a spreadsheet program, and save it without the password."
        )
    if any(stream.encode("utf-16-le") in content for stream in _WORKBOOK_STREAMS):
        return
    for stream, kind in _OLE_STREAMS.items():
        if stream.encode("utf-16-le") in content:
            raise _refused(name, kind)


def _refused(name: str, kind: str) -> ImportRefused:
    return ImportRefused(f"{name} is {kind}, not a roster: export the roster as .csv or .xlsx, and import that file.")
