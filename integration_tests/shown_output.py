"""Compares what a command printed with what a page shows."""

import re


def pattern_of(shown):
    """Return a regular expression: … matches any text, and any number of lines if it is alone on a line."""
    return "".join(
        r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in shown.splitlines()
    )


def without_indents(printed):
    return re.sub(r"^ +", "", printed, flags=re.MULTILINE)


def is_shown(printed, shown):
    """Return whether a command printed what the page shows."""
    return re.fullmatch(pattern_of(shown), without_indents(printed)) is not None
