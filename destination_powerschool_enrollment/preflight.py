"""Checks, before the first row, that each stream has a target and each column a field, and reports all problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from destination_powerschool_enrollment.catalog import ConfiguredStream, StreamId, describe
from destination_powerschool_enrollment.columns import FieldFinder, cache_name, is_added_by_airbyte
from destination_powerschool_enrollment.config import Config, Import, ImportSchemaTarget, Target
from destination_powerschool_enrollment.destination_objects import target_of
from destination_powerschool_enrollment.mapping import Route
from destination_powerschool_enrollment.writable_targets import WritableTargets
from powerschool_enrollment_airbyte.suggestions import closest, listed
from powerschool_enrollment_api import InvalidOption

UPSERT_MODES = frozenset({"append", "append_dedup"})
OVERWRITE_MODES = frozenset({"overwrite", "overwrite_dedup"})  # allowed with a warning: earlier rows are not deleted
_LONGEST_MODE = 40


def plan_routes(config: Config, streams: Sequence[ConfiguredStream], writable: WritableTargets) -> list[Route]:
    """Return the route of each stream. Raises InvalidOption with all problems."""
    routes: list[Route] = []
    problems = list(problems_of_imports(config, writable))
    problems += (f"The catalog has the stream {describe(stream)} twice." for stream in _duplicates(streams))
    problems += (_unsupported_mode(stream) for stream in streams if not _is_supported(stream.destination_sync_mode))
    for stream in streams:
        entry = import_for(config, stream)
        if entry is None:
            problems.append(_no_import(stream, config))
        elif not list(_target_problems(entry.target, writable)):
            route = _route(stream, entry, writable)
            problems += _column_problems(route, entry)
            problems += _key_problems(route, config)
            routes.append(route)
        elif entry not in config.imports:
            problems += (f"Stream {describe(stream.id)}: {text}" for text in _target_problems(entry.target, writable))
    if problems:
        raise InvalidOption("\n".join(problems))
    return routes


def problems_of_imports(config: Config, writable: WritableTargets) -> Iterator[str]:
    """Yield the problems of the option `imports` that do not depend on the catalog's streams."""
    seen = set()
    for entry in config.imports:
        label = f"Stream {describe((entry.namespace, entry.stream))}"
        if (entry.namespace, entry.stream) in seen:
            yield f"{label}: the option imports has two entries for it; remove one."
        seen.add((entry.namespace, entry.stream))
        problems = list(_target_problems(entry.target, writable))
        yield from (f"{label}: {text}" for text in problems or _field_problems(entry, writable))


def import_for(config: Config, stream: ConfiguredStream) -> Import | None:
    """Return the stream's entry in `imports`, else the entry that its destination object defines, else None."""
    named = [entry for entry in config.imports if entry.stream == stream.name]
    exact = [entry for entry in named if entry.namespace == stream.namespace]
    anywhere = [entry for entry in named if entry.namespace is None]
    entry = next(iter(exact + anywhere), None)
    if entry is None and stream.object_name:
        target = target_of(stream.object_name)
        return Import(stream=stream.name, target=target) if target else None
    return entry


def _route(stream: ConfiguredStream, entry: Import, writable: WritableTargets) -> Route:
    schema = writable.schema_of(entry.target)
    return Route(
        stream=stream,
        target=entry.target,
        finder=FieldFinder(_mapping(entry), schema.fields if schema else None),
        fields=frozenset(schema.fields if schema else ()),
        key_field=entry.key_field,
        ignores_unmapped=entry.unmapped_columns == "ignore",
    )


def _duplicates(streams: Iterable[ConfiguredStream]) -> Iterator[StreamId]:
    counted = Counter(stream.id for stream in streams)
    return (stream for stream, count in counted.items() if count > 1)


def _is_supported(mode: str) -> bool:
    return mode in UPSERT_MODES | OVERWRITE_MODES


def _unsupported_mode(stream: ConfiguredStream) -> str:
    # In these modes a row may mean "delete this student" or "update, but do not create": an upsert would be wrong.
    return (
        f"Stream {describe(stream.id)}: the destination_sync_mode {stream.destination_sync_mode[:_LONGEST_MODE]!r} is "
        "not supported: the service can only create and update. Choose append or append_dedup."
    )


def _no_import(stream: ConfiguredStream, config: Config) -> str:
    if stream.object_name:
        return (
            f"Stream {describe(stream.id)}: the destination object {stream.object_name!r} does not contain a form or "
            "import schema ID; refresh the destination's schema and choose the object again."
        )
    known = listed(describe((entry.namespace, entry.stream)) for entry in config.imports)
    return f"Stream {describe(stream.id)}: the option imports has no entry for it. It has entries for: {known}."


def _target_problems(target: Target, writable: WritableTargets) -> Iterator[str]:
    form_id = target.published_action_id
    if form_id not in writable.forms:
        known = listed(f"{number} ({title})" for number, title in writable.forms.items())
        yield f"the published action {form_id} does not exist, or belongs to another customer. There are: {known}."
    elif isinstance(target, ImportSchemaTarget) and writable.schema_of(target) is None:
        schemas = writable.schemas.get(form_id, {}).values()
        known = listed(f"{schema.id} ({schema.title})" for schema in schemas)
        yield f"the published action {form_id} has no import schema {target.import_schema_id}. There are: {known}."


def _field_problems(entry: Import, writable: WritableTargets) -> Iterator[str]:
    schema = writable.schema_of(entry.target)
    if schema is None:
        return
    wanted = [(item.field, "") for item in entry.field_mapping] + [(entry.key_field, " for key_field")]
    for name, purpose in wanted:
        if name and name not in schema.fields:
            hint = _hint(name, schema.fields) or f"; it has {listed(schema.fields)}"
            yield f"the import schema {schema.id} has no field {name!r}{purpose}{hint}."


def _column_problems(route: Route, entry: Import) -> Iterator[str]:
    label = f"Stream {describe(route.stream.id)}"
    columns = [name for name in route.stream.columns if not is_added_by_airbyte(name)]
    taken: dict[str, str] = {}
    for column in columns:
        found = route.finder.field_of(column)
        if found is None and not route.ignores_unmapped:
            yield (
                f"{label}: the column {column!r} has no field{_hint(column, route.fields)}. "
                "Map it in field_mapping, or set unmapped_columns to ignore."
            )
        elif found is not None and taken.setdefault(found, column) != column:
            yield f"{label}: the columns {taken[found]!r} and {column!r} both go to the field {found!r}."
    known = {cache_name(column) for column in columns}
    for item in entry.field_mapping if columns else ():
        if cache_name(item.column) not in known:
            yield f"{label}: it has no column {item.column!r}, which field_mapping names{_hint(item.column, columns)}."


def _key_problems(route: Route, config: Config) -> Iterator[str]:
    label = f"Stream {describe(route.stream.id)}"
    written = {route.finder.field_of(column) for column in route.stream.columns}
    is_known = not route.fields or route.key_field in route.fields  # _field_problems reports any other field
    if route.key_field and is_known and written and route.key_field not in written:
        yield f"{label}: no column goes to its key_field {route.key_field!r}."
    if config.skip_unchanged and isinstance(route.target, ImportSchemaTarget) and route.identity_field is None:
        yield f"{label}: skip_unchanged needs key_field, the field that holds the external student ID."


def _mapping(entry: Import) -> dict[str, str]:
    return {item.column: item.field for item in entry.field_mapping}


def _hint(name: str, known: Iterable[str]) -> str:
    """Suggest the closest known name, ignoring case and separators."""
    near = closest(name, known, normalise=cache_name)
    return f" (did you mean {near!r}?)" if near else ""
