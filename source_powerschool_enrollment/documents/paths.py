"""Safe names for the files of documents, because families choose the file names."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_LONGEST = 200  # bytes; most file systems accept 255, and the platform makes names longer
_LONGEST_SUFFIX = 20
# Characters that separate folders or have another special meaning in a file system or an object store.
_SPECIAL = frozenset('/\\<>:"|?*')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)


def document_path(published_action_id: int, submission_record_id: int, field: str, name: str) -> PurePosixPath:
    """Return the path of a document, relative to the folder of all documents.

    The path is unique even if file names are equal: a field of a record holds one document, and the configuration
    refuses fields that would share a folder.
    """
    return PurePosixPath(str(published_action_id), str(submission_record_id), safe_name(field), safe_name(name))


def safe_name(text: str) -> str:
    """Return a name for a file or folder that is not a path, not hidden, and valid in every file system.

    The name is in Unicode's form NFC, has at most 200 bytes of UTF-8, and keeps an extension of up to 20 bytes. A name
    that is safe already is returned unchanged.
    """
    name = "".join(_safe(character) for character in unicodedata.normalize("NFC", text))
    name = _trimmed(_shortened(_trimmed(name)))
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def _safe(character: str) -> str:
    """Replace special and invisible characters: control characters, surrogates, changes of direction."""
    return "_" if character in _SPECIAL or unicodedata.category(character).startswith("C") else character


def _trimmed(name: str) -> str:
    """Remove spaces and dots at both ends: they hide a file, name another folder, or are dropped by a file system."""
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
