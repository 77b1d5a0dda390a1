"""Compares what a command printed with what a page shows."""

import re


def looks_like(shown):
    """Return a pattern: … matches anything, and alone on a line it matches any lines."""
    return "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in shown.splitlines()
    )


def without_indents(printed):
    return re.sub(r"^ +", "", printed, flags=re.MULTILINE)


def is_shown(printed, shown):
    """Return whether a command printed what the page shows."""
    return re.fullmatch(looks_like(shown), without_indents(printed)) is not None
