"""Opens a roster file, also a compressed one. The format is detected from the content, not from the file's name."""

from __future__ import annotations

import gzip
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from powerschool_enrollment_roster.endings import ImportRefused
from powerschool_enrollment_roster.reading.delimited_text import read_text
from powerschool_enrollment_roster.reading.oneroster_roles import ROLES_FILE, UserRoles, read_roles, with_roles
from powerschool_enrollment_roster.reading.other_files import (
    refuse_other_archive,
    refuse_other_file,
    refuse_other_ole,
)
from powerschool_enrollment_roster.reading.spreadsheets import read_workbook
from powerschool_enrollment_roster.reading.table import InputTable
from powerschool_enrollment_roster.reading.text_encoding import open_text

STANDARD_INPUT = "-"
_GZIP, _OLE = b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
# Bytes. A roster of a million students has 200 MB; a compressed file may expand to any size.
_LARGEST = 2 << 30
_CHUNK = 1 << 20
_DEEPEST = 3  # a spreadsheet in a .gz in a .zip


@dataclass(frozen=True)
class _TextOptions:
    """How a text is read: its encoding, if the user named one, and how to find the roles of a OneRoster 1.2 export."""

    encoding: str | None
    find_roles: Callable[[], UserRoles | None]


@contextmanager
def open_table(path: str, sheet: str | None = None, encoding: str | None = None) -> Iterator[InputTable]:
    """Yield the lines of the file at `path`; `-` is standard input. Raises ImportRefused if it cannot be read.

    `sheet` names a sheet of a workbook, or a file of a .zip archive. For a users.csv of OneRoster 1.2, the file of the
    roles in the same folder or archive is read, too.
    """
    # os.path: the name may be undecodable.
    name = "standard input" if path == STANDARD_INPUT else os.path.basename(path.rstrip(os.sep)) or path  # noqa: PTH119
    with _opened(path, name) as binary:
        yield _table(binary, name, sheet, _TextOptions(encoding, partial(_roles_beside, path, encoding)))


def _roles_beside(path: str, encoding: str | None) -> UserRoles | None:
    """Return the roles of the roles.csv in the folder of a file; None if there is no such file."""
    roles = os.path.join(os.path.dirname(path), ROLES_FILE)  # noqa: PTH118, PTH120 - the path may be undecodable
    if path == STANDARD_INPUT or not os.path.isfile(roles):  # noqa: PTH113
        return None
    with _opened(roles, ROLES_FILE) as binary:
        return read_roles(read_text(open_text(binary, ROLES_FILE, encoding), ROLES_FILE))


@contextmanager
def _opened(path: str, name: str) -> Iterator[BinaryIO]:
    """Yield a seekable file. Standard input and a pipe are copied to an unnamed temporary file."""
    try:
        with _open(path, name) as source:
            if stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                yield source
            else:
                with closing(_expanded(source, name)) as copy:
                    yield copy
    except OSError as error:
        raise ImportRefused(f"{name} cannot be read: {error.strerror or type(error).__name__}.") from None


def _open(path: str, name: str) -> BinaryIO:
    try:
        return cast(BinaryIO, sys.stdin.buffer if path == STANDARD_INPUT else open(path, "rb"))  # noqa: PTH123
    except ValueError:
        raise ImportRefused(f"{name!r} cannot be read: it is not the name of a file.") from None
    except AttributeError:
        raise ImportRefused(f"{name} cannot be read: it is closed.") from None


def _table(binary: BinaryIO, name: str, sheet: str | None, text: _TextOptions, depth: int = 1) -> InputTable:
    start = binary.read(4)
    binary.seek(0)
    if depth > _DEEPEST:
        raise ImportRefused(f"{name} is packed more than {_DEEPEST - 1} times: unpack it first.")
    if start.startswith(_GZIP):
        return _table(_expanded(cast(IO[bytes], gzip.open(binary)), name), name, sheet, text, depth + 1)
    if start == _OLE:
        refuse_other_ole(binary, name)
        return read_workbook(binary, name, sheet)
    if start in {_ZIP, _EMPTY_ZIP}:
        member = _member(binary, name, sheet)
        if member is None:
            return read_workbook(binary, name, sheet)
        text = replace(text, find_roles=partial(_roles_in_archive, binary, name, member, text.encoding))
        return _table(_unzipped(binary, name, member), f"{name}/{member}", None, text, depth + 1)
    refuse_other_file(binary, name)
    if sheet is not None:
        raise ImportRefused(f"--sheet {sheet}: {name} is a text file, without sheets.")
    return with_roles(read_text(open_text(binary, name, text.encoding), name), text.find_roles)


def _roles_in_archive(binary: BinaryIO, name: str, member: str, encoding: str | None) -> UserRoles | None:
    """Return the roles of the roles.csv in the folder of a file in a .zip archive; None if there is no such file."""
    roles = str(PurePosixPath(member).with_name(ROLES_FILE))
    if roles not in _names(binary, name):
        return None
    roles_name = f"{name}/{roles}"
    return read_roles(read_text(open_text(_unzipped(binary, name, roles), roles_name, encoding), roles_name))


def _member(binary: BinaryIO, name: str, wanted: str | None) -> str | None:
    """Return the file of a .zip archive to read; None if the archive is a workbook."""
    names = _names(binary, name)
    refuse_other_archive(names, name)
    if "[Content_Types].xml" in names or "mimetype" in names:
        return None
    files = [each for each in names if not each.endswith("/") and not _is_hidden(each)]
    found = files if wanted is None else [wanted] if wanted in files else _of_name(files, wanted)
    if len(found) == 1:
        return found[0]
    if not files:
        raise ImportRefused(f"{name} is an archive without a file.")
    unusable_choice = f"--sheet {wanted}: {name} has {'several' if found else 'no'} such file{'s' * bool(found)}"
    problem = unusable_choice if wanted else f"{name} has {len(files)} files"
    raise ImportRefused(f"{problem}: choose one with --sheet: {', '.join(files[:20])}.")


def _names(binary: BinaryIO, name: str) -> list[str]:
    try:
        with ZipFile(binary) as archive:
            return archive.namelist()
    except (BadZipFile, NotImplementedError):
        raise ImportRefused(f"{name} is a damaged .zip archive or .xlsx file.") from None
    finally:
        binary.seek(0)


def _of_name(files: list[str], wanted: str) -> list[str]:
    """Return the files with this name in any folder; case does not count."""
    return [each for each in files if PurePosixPath(each).name.casefold() == wanted.casefold()]


def _is_hidden(member: str) -> bool:
    """Return whether the operating system, and not the user, added this file to the archive."""
    path = PurePosixPath(member)
    return any(part.startswith((".", "__MACOSX")) for part in path.parts) or path.name in {"Thumbs.db", "desktop.ini"}


def _unzipped(binary: BinaryIO, name: str, member: str) -> BinaryIO:
    try:
        with ZipFile(binary) as archive, archive.open(member) as packed:
            return _expanded(packed, name)
    except BadZipFile:
        raise ImportRefused(f"{name} is damaged or cut short: copy it again.") from None
    except (RuntimeError, NotImplementedError):  # encrypted, or an unknown compression
        raise ImportRefused(f"{name} is protected by a password, or packed in an unknown way: unpack it.") from None


def _expanded(packed: IO[bytes], name: str) -> BinaryIO:
    """Return an unnamed temporary file with the content of `packed`. It disappears with this process."""
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - lives as long as the table is read
    try:
        while (chunk := packed.read(_CHUNK)) and copy.tell() <= _LARGEST:
            copy.write(chunk)
    except (EOFError, zlib.error, BadZipFile, gzip.BadGzipFile):
        copy.close()
        raise ImportRefused(f"{name} is damaged or cut short: copy it again.") from None
    if copy.tell() > _LARGEST:
        copy.close()
        raise ImportRefused(f"{name} expands to more than {_LARGEST >> 30} GB: it is not a roster.")
    copy.seek(0)
    return copy
