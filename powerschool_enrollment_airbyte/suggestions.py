"""Suggestions for a message about an unknown name: the closest known name, or all known names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], path: str = "") -> str:
    """Return the closest known name, below `path` (`imports.0.`), or all known names if none is close."""
    names = list(known)
    near = closest(name, names)
    return f"did you mean {path}{near}?" if near else f"known: {', '.join(names)}."


def closest(name: str, known: Iterable[str], normalise: Callable[[str], str] = str.lower) -> str | None:
    """Return the closest known name; None if none is close. Names are compared in their normalised form."""
    by_normalised_name = {normalise(other): other for other in known}
    near = get_close_matches(normalise(name), by_normalised_name, n=1)
    return by_normalised_name[near[0]] if near else None


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return the first `most` names as one text, and how many more there are."""
    texts = list(names)
    more = [f"and {len(texts) - most} more"] if len(texts) > most else []
    return ", ".join(texts[:most] + more) or "none"
