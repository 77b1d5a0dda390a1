"""The page docs/tables.md: an entity diagram of the streams, in Mermaid, and a table of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integration_tests.dbt.streams import Stream

PAGE = """# Tables

<!-- Written by `python -m integration_tests.dbt.generate` from what `discover` prints: do not edit. -->

Each stream becomes one table. The diagram shows the columns that identify a row (PK) and those that refer to another
table (FK). They have the names of the [dbt package](warehouse_recipes.md#models), where the `id` of `roster_records` is
`roster_record_id`.

```mermaid
{diagram}
```

Lines: `||` is one, `o|` none or one, `o{{` any number. A record's answers, its tags and the items of a checklist are
lists inside a column; the package's models [turn them into rows](warehouse_recipes.md#models).

| Table | One row for each key | Key |
|---|---|---|
{rows}

At the service, each reference leads to a row. In a warehouse, that row may be missing, because a sync may read only
some forms or streams, and rows of a withdrawn form stay if rows are merged. So the package's tests of references only
warn.
"""


# Narrow enough for one screen.
SPACING = """---
config:
  er: { nodeSpacing: 20, rankSpacing: 60 }
---"""


def page(streams: Sequence[Stream]) -> str:
    """Return the text of the page."""
    rows = (
        f"| `{stream.name}` | {stream.description} | {', '.join(f'`{each}`' for each in stream.key)} |"
        for stream in streams
    )
    return PAGE.format(diagram=diagram(streams), rows="\n".join(rows))


def diagram(streams: Sequence[Stream]) -> str:
    """Return the diagram in Mermaid's language."""
    return "\n".join([SPACING, "erDiagram", "    direction LR", *_relations(streams), *_entities(streams)])


def _relations(streams: Sequence[Stream]) -> Iterator[str]:
    for stream in streams:
        for column, parent in stream.parents.items():
            if not _is_implied(stream, column, parent, streams):
                keys = {each.name: set(each.key) for each in streams}
                many = "o|" if set(stream.key) == keys[parent] else "o{"
                yield f'    {parent} ||--{many} {stream.name} : ""'


def _is_implied(stream: Stream, column: str, parent: str, streams: Sequence[Stream]) -> bool:
    """Return whether another parent of the stream already refers to this one, by the same column."""
    return any(
        other.parents.get(column) == parent
        for other in streams
        if other.name in stream.parents.values() and other.name != parent
    )


def _entities(streams: Sequence[Stream]) -> Iterator[str]:
    for stream in streams:
        yield f"    {stream.name} {{"
        for field in stream.fields:
            marks = [
                mark
                for mark, has in (("PK", field.column in stream.key), ("FK", field.column in stream.parents))
                if has
            ]
            if marks:
                yield f"        {field.kind} {field.column} {', '.join(marks)}"
        yield "    }"
