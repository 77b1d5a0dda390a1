"""Compares the names of columns and fields, ignoring case and separators."""

from __future__ import annotations

import unicodedata

ADDED_COLUMNS = ["line", "reason"]
"""The columns that the file of rejected rows has after those of the roster. An import of that file leaves them out."""


def match_key(name: str) -> str:
    """Return the letters and digits of a name: `Date of Birth`, `DATE_OF_BIRTH` and `dateOfBirth` have the same key.

    Case, separators and invisible characters do not count. A name without letters and digits is its own key.
    """
    if name.isascii() and name.isalnum():
        return name.lower()
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum()) or name
