"""The options of the mapping: from the command line, and from a file in YAML."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from powerschool_enrollment_roster.endings import ImportRefused

_FORM = "It has the form `columns: {COLUMN: FIELD}`, `ignore: [COLUMN]` and `ignore_others: true`, each optional."
_HEAD = "# Which column of the roster goes to which field of PowerSchool Enrollment: use it with --mapping.\n"
_UNUSED = "# Fields without a column:\n"


@dataclass(frozen=True)
class MappingOptions:
    """The mapping that the user configured.

    `fields` has the field of each mapped column, `ignored` the columns that --ignore names. `ignored_by_file` are the
    columns that the mapping file leaves out: a roster without these columns is not an error.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    ignored_by_file: Sequence[str] = ()
    ignores_others: bool = False


def mapping_options_of(
    file: str | None, fields: Mapping[str, str], ignored: Sequence[str], *, ignores_others: bool
) -> MappingOptions:
    """Return the file's mapping with the options of the command line, which take precedence. Raises ImportRefused."""
    content = _content(file) if file else {}
    columns = {column: target for column, target in content.get("columns", {}).items() if column not in ignored}
    ignored_by_file = [column for column in content.get("ignore", []) if column not in fields]
    return MappingOptions(
        {**columns, **fields}, ignored, ignored_by_file, ignores_others or bool(content.get("ignore_others", False))
    )


def save_mapping(file: str, fields: Mapping[str, str], ignored: Sequence[str], unused: Sequence[str]) -> None:
    """Write a mapping file atomically. The `unused` fields are added as comments. Raises ImportRefused."""
    content = {"columns": dict(fields), **({"ignore": list(ignored)} if ignored else {})}
    text = _HEAD + yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    if unused:
        text += "".join([_UNUSED, *(f"#   {' '.join(field.split())}\n" for field in unused)])
    unfinished = Path(f"{file}.{os.getpid()}.tmp")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ImportRefused(f"--save-mapping {file}: the file cannot be written: {error.strerror}.") from None


def _content(file: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise ImportRefused(f"--mapping {file}: the file cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ImportRefused(f"--mapping {file}: the file is not YAML. {_FORM}") from None
    if content is None:
        return {}
    if not _is_mapping(content):
        raise ImportRefused(f"--mapping {file}: the file is not a mapping. {_FORM}")
    return {key: value for key, value in content.items() if value is not None}


def _is_mapping(content: Any) -> bool:
    if not isinstance(content, dict) or content.keys() - {"columns", "ignore", "ignore_others"}:
        return False
    columns, ignored = content.get("columns") or {}, content.get("ignore") or []
    return (
        isinstance(columns, dict)
        and isinstance(ignored, list)
        and all(isinstance(text, str) for text in [*columns, *columns.values(), *ignored])
        and isinstance(content.get("ignore_others", False), bool | None)
    )
