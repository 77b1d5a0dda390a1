"""What a message about an unknown name adds: the closest known name, or the known names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], path: str = "") -> str:
    """Return the known name that was probably meant, below `path` (`imports.0.`), or all known names."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1)
    return f"did you mean {path}{near[0]}?" if near else f"known: {', '.join(names)}."


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return the names as one text, the first `most` of them in full."""
    texts = list(names)
    more = [f"and {len(texts) - most} more"] if len(texts) > most else []
    return ", ".join(texts[:most] + more) or "none"
