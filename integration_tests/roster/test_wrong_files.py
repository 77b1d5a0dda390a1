"""Files that were chosen by mistake: the message names what they are, and how to continue."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids
from integration_tests.roster.workbooks import xls

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def zipped(*members, content="x"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member in members:
            archive.writestr(member, content)
    return packed.getvalue()


def tar(content):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def stream(name):
    return OLE + name.encode("utf-16-le")


FILES = {
    "a.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF document, not a roster: export the roster as .csv or .xlsx"),
    "a.rtf": (b"{\\rtf1\\ansi Zyx}", "is a text document, not a roster"),
    "a.png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a picture, not a roster"),
    "a.json": (b'[\n  {"ExternalID": "1", "FirstName": "Zyx"}\n]', "is JSON, not a roster"),
    "a.mht": (b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\nZyx", "is a web page, not a roster"),
    "a.slk": (b'ID;PWXL;N;E\r\nC;Y1;X1;K"ExternalID"\r\nE\r\n', "is a SYLK file, not a roster"),
    "a.csv.xz": (lzma.compress(b"Zyx"), "is an archive that is not .zip or .gz, not a roster"),
    "a.csv.bz2": (bz2.compress(b"Zyx"), "is an archive that is not .zip or .gz, not a roster"),
    "a.tar.gz": (gzip.compress(tar(b"Zyx")), "is an archive that is not .zip or .gz, not a roster"),
    "a.db": (b"SQLite format 3\0Zyx", "is a database, not a roster"),
    "a.xlsb": (
        zipped("[Content_Types].xml", "xl/workbook.bin"),
        "is a binary workbook (.xlsb), which is not read: save",
    ),
    "a.docx": (zipped("[Content_Types].xml", "word/document.xml"), "is a Word document, not a roster"),
    "a.numbers": (zipped("Index/Document.iwa", "preview.jpg"), "is a document of Apple Numbers, Pages or Keynote"),
    "a.doc": (stream("WordDocument"), "is a Word document, not a roster"),
    "a.xlsx": (stream("EncryptedPackage"), "is protected by a password: open it in a spreadsheet program"),
    "a.zip": (zipped(), "is an archive without a file."),
    "a.html": ("\ufeff\r\n<table><tr><td>Zyx</td></tr></table>".encode(), "is a web page or XML"),
}


ROWS = [["ExternalID", "FirstName", "LastName"], ["00123", "Boz", "Qax"]]
ROSTERS = {
    # A workbook with an embedded Word document.
    "a.xls": xls(ROWS) + "WordDocument".encode("utf-16-le"),
    "a.zip": zipped("word/a.csv", content="\n".join(",".join(row) for row in ROWS)),
    "a.csv": b"ID;Parent;FirstName;LastName\n00123;P;Boz;Qax\n",
}


@pytest.mark.parametrize("name", ROSTERS)
def test_roster_that_resembles_another_file_is_read(sandbox, tmp_path, name):
    (tmp_path / name).write_bytes(ROSTERS[name])
    options = ("--map", "ID=ExternalID", "--ignore", "Parent") if name == "a.csv" else ()
    result = run_import(tmp_path / name, "--into", schema_ids(sandbox)[1], *options, sandbox=sandbox)
    assert result.returncode == 0, result.stdout
    assert rows_sent(sandbox) == [dict(zip(*ROWS, strict=True))]


@pytest.mark.parametrize("name", FILES)
def test_file_that_is_not_a_roster_is_named(sandbox, tmp_path, name):
    content, message = FILES[name]
    (tmp_path / name).write_bytes(content)
    result = run_import(tmp_path / name, "--into", schema_ids(sandbox)[1], sandbox=sandbox)
    assert result.returncode == 2
    assert f"{name} {message}" in result.stdout
    assert "Zyx" not in result.stdout
    assert rows_sent(sandbox) == []
