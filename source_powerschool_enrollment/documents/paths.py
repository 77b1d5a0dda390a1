"""Names for the files of documents: families choose file names, and disks must not suffer for it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_LONGEST = 200  # bytes; most disks take 255, and the platform adds to a name
_LONGEST_SUFFIX = 20
# What separates folders, or means something else than itself, on some disk or in some object store.
_SPECIAL = frozenset('/\\<>:"|?*')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)


def document_path(published_action_id: int, submission_record_id: int, field: str, name: str) -> PurePosixPath:
    """Return where a document belongs, below the folder of all documents.

    Unique for every file name: a record's field holds one document, and `document_fields` refuses
    fields that would share a folder.
    """
    return PurePosixPath(str(published_action_id), str(submission_record_id), safe_name(field), safe_name(name))


def safe_name(text: str) -> str:
    """Return a name for a file or folder that is not a path, not hidden, and the same on every disk.

    In Unicode's form NFC, at most 200 bytes of UTF-8, its extension kept. A name that is safe stays as it is.
    """
    name = "".join(_safe(character) for character in unicodedata.normalize("NFC", text))
    name = _trimmed(_shortened(_trimmed(name)))
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def _safe(character: str) -> str:
    """Replace special and invisible characters: control characters, surrogates, changes of direction."""
    return "_" if character in _SPECIAL or unicodedata.category(character).startswith("C") else character


def _trimmed(name: str) -> str:
    """Take away blanks and dots at either end: they hide a file, lead elsewhere, or get lost on some disk."""
    return name.strip(". \t\u00a0\u3000")


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    room = _LONGEST - len((dot + suffix).encode())
    return _cut(stem, room) + dot + suffix


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
