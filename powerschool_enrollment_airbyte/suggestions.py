"""Suggests the closest known name for an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], path: str = "") -> str:
    """Return the known name that was probably meant, below `path` (`imports.0.`), or all known names."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1)
    return f"did you mean {path}{near[0]}?" if near else f"known: {', '.join(names)}."
