"""Damaged files: each one is read, or refused with ImportRefused; no other exception is raised."""

import datetime as dt
import gzip
import io
import random
import zipfile

import pytest

from integration_tests.roster.workbooks import ods, xls, xlsx
from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.reading.input_files import open_table
from powerschool_enrollment_roster.reading.roster import read_roster

ROWS = [["ExternalID", "FirstName", "Born"], ["00123", "Zyx", dt.date(2012, 3, 14)], [124, "Boz", dt.date(2012, 3, 15)]]
TEXT = 'ExternalID,FirstName\r\n00123,"Zyx, B."\r\n00124,Zoë\r\n'.encode()
DAMAGES_PER_FILE = 150


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("roster.csv", content)
    return packed.getvalue()


WRITERS = {
    "text": lambda: TEXT,
    "utf-16": lambda: TEXT.decode().encode("utf-16"),
    "gzip": lambda: gzip.compress(TEXT),
    "zip": lambda: zipped(TEXT),
    "xlsx": lambda: xlsx(ROWS, {"A3": "00000"}),
    "xls": lambda: xls(ROWS),
    "ods": lambda: ods(ROWS),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_file_is_read_or_refused(tmp_path, kind):
    chance, whole = random.Random(kind), WRITERS[kind]()
    outcomes = [outcome_of(tmp_path / "roster", damaged(whole, chance)) for _ in range(DAMAGES_PER_FILE)]
    assert "refused" in outcomes
    assert outcome_of(tmp_path / "roster", whole) == "read"


def damaged(content, chance):
    """Return the content with a byte changed, removed or added, or with its end cut off."""
    place, kind = chance.randrange(len(content)), chance.randrange(4)
    middle = (bytes([chance.randrange(256)]), b"", chance.randbytes(5))
    return content[:place] if kind == 3 else content[:place] + middle[kind] + content[place + (kind < 2) :]


def outcome_of(file, content):
    file.write_bytes(content)
    try:
        with open_table(str(file)) as table, read_roster(table) as roster:
            assert len(list(roster.rows())) == roster.row_count
    except ImportRefused:
        return "refused"
    return "read"
