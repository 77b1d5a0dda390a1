"""The files of the dbt package that are generated from the streams: sources, staging models, their descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from integration_tests.dbt.streams import RECORD_STREAMS, Field, Stream

HEADER = "Written by `python -m integration_tests.dbt.generate` from the schemas of the streams: do not edit."
# The known statuses; a district may have others.
STATUSES = {
    "roster_records": [
        "Added", "Imported", "Notified", "NotStarted", "Held", "Started", "Submitted", "Discarded",
    ],
    "submission_records": [
        "Submitted", "PendingApproval", "Approved", "Delivered", "Rejected", "Discarded",
    ],
}  # fmt: skip
FLAGS = {
    "is_removed": "Whether the service no longer has the record. False without the option detect_removed_records.",
    "is_discarded": "Whether the status is one of the variable powerschool_enrollment_discarded_statuses.",
}
# Each sync emits all forms, so their rows show the time of the last sync. Records are emitted again if they change.
FRESHNESS = {
    "published_actions": ("_airbyte_extracted_at", 2, 7),
    "roster_records": ("synced_at", 14, None),
    "submission_records": ("synced_at", 14, None),
}


def staging_model(stream: Stream) -> str:
    """Return the SQL of a stream's staging model."""
    fields = "".join(f"        ('{field.name}', '{field.column}', '{field.kind}'),\n" for field in stream.fields)
    newest_by = [*([stream.cursor] if stream.cursor else []), "_airbyte_extracted_at"]
    staged = (
        "{{ staged(\n"
        "    table,\n"
        "    columns_in(table),\n"
        f"    key={list(stream.key)},\n"
        f"    newest_by={newest_by},\n"
        f"    fields=[\n{fields}    ],\n"
        ") }}\n"
    )
    table = f"{{#- {HEADER} -#}}\n{{%- set table = source('powerschool_enrollment', '{stream.name}') -%}}\n\n"
    return table + (_with_flags(staged) if stream.name in RECORD_STREAMS else staged)


def _with_flags(staged: str) -> str:
    return (
        f"with records as (\n{staged})\n\n"
        "select\n"
        "    *,\n"
        "    removed_at is not null as is_removed,\n"
        "    {{ is_one_of('status', var('powerschool_enrollment_discarded_statuses')) }} as is_discarded\n"
        "from records\n"
    )


def sources(streams: Sequence[Stream]) -> str:
    """Return the YAML of the sources."""
    source = {
        "name": "powerschool_enrollment",
        "description": "What the Airbyte source powerschool-enrollment has synced.",
        "database": "{{ var('powerschool_enrollment_database', target.database) }}",
        "schema": "{{ var('powerschool_enrollment_schema', target.schema) }}",
        "tables": [_table(stream) for stream in streams],
    }
    return _yaml({"version": 2, "sources": [source]})


def _table(stream: Stream) -> dict[str, Any]:
    columns = [{"name": field.name, "description": field.description} for field in stream.fields]
    freshness = {"config": _freshness(*FRESHNESS[stream.name])} if stream.name in FRESHNESS else {}
    return {"name": stream.name, "description": stream.description, **freshness, "columns": columns}


def _freshness(loaded_at: str, warn_after: int, error_after: int | None) -> dict[str, Any]:
    after = {"warn_after": warn_after, "error_after": error_after}
    limits = {name: {"count": days, "period": "day"} for name, days in after.items() if days}
    return {"loaded_at_field": loaded_at, "freshness": limits}


def staging_properties(streams: Sequence[Stream]) -> str:
    """Return the YAML of the staging models: descriptions and tests."""
    return _yaml({"version": 2, "models": [_model(stream) for stream in streams]})


def _model(stream: Stream) -> dict[str, Any]:
    flags = FLAGS if stream.name in RECORD_STREAMS else {}
    together = {"unique_together": {"arguments": {"columns": list(stream.key)}}}
    return {
        "name": stream.model,
        "description": f"{stream.description} One row for each key: the newest version.",
        **({"data_tests": [together]} if len(stream.key) > 1 else {}),
        "columns": [
            *(_described(stream, field) for field in stream.fields),
            *({"name": name, "description": description} for name, description in flags.items()),
        ],
    }


def _described(stream: Stream, field: Field) -> dict[str, Any]:
    tests = _tests(stream, field)
    described = {"name": field.column, "description": field.description}
    return described | ({"data_tests": tests} if tests else {})


def _tests(stream: Stream, field: Field) -> list[Any]:
    """Return the tests of a column. A missing parent is only a warning, because a sync may not read its form."""
    column, tests = field.column, []
    if column in stream.key:
        tests += ["not_null"] if len(stream.key) > 1 else ["unique", "not_null"]
    if column in stream.parents:
        to = f"ref('stg_powerschool_enrollment__{stream.parents[column]}')"
        tests.append(_warning("relationships", to=to, field=column))
    if column == "status" and stream.name in STATUSES:
        tests.append(_warning("accepted_values", values=STATUSES[stream.name]))
    return tests


def _warning(test: str, **arguments: Any) -> dict[str, Any]:
    return {test: {"arguments": arguments, "config": {"severity": "warn"}}}


def _yaml(content: Any) -> str:
    return f"# {HEADER}\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
