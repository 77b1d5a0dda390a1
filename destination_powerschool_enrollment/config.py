"""The destination's options: one frozen model, from which the form people fill in (the spec) is generated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from powerschool_enrollment_api import DEFAULT_BASE_URL, ConnectionSettings, InvalidOption

Positive = Annotated[int, Field(strict=True, ge=1)]


class _Options(BaseModel):
    """A group of options: immutable, and without options nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ImportSchemaTarget(_Options):
    """Rows create or update roster records through an import schema."""

    model_config = ConfigDict(title="Import schema (roster records)")

    type: Literal["import_schema"]
    published_action_id: Positive = Field(
        title="Published action",
        description="The id of the form (published action) whose roster is written to.",
        examples=[123],
        json_schema_extra={"order": 0},
    )
    import_schema_id: Positive = Field(
        title="Import schema",
        description="The id of the import schema: it says which fields can be written.",
        examples=[1],
        json_schema_extra={"order": 1},
    )


class SubmissionTarget(_Options):
    """Each row creates a submission; nothing is ever updated."""

    model_config = ConfigDict(title="New submissions")

    type: Literal["submission"]
    published_action_id: Positive = Field(
        title="Published action",
        description="The id of the form (published action) in which each row creates a new submission.",
        examples=[123],
        json_schema_extra={"order": 0},
    )


class FieldMapping(_Options):
    """One column's field."""

    column: str = Field(
        min_length=1,
        title="Column",
        description="A column of the stream.",
        examples=["birth_date"],
        json_schema_extra={"order": 0},
    )
    field: str = Field(
        min_length=1,
        title="Field",
        description="The import schema's field (or the form's data item) that it is written to.",
        examples=["DateOfBirth"],
        json_schema_extra={"order": 1},
    )


class Import(_Options):
    """Where one stream's rows go, and how."""

    stream: str = Field(
        min_length=1,
        title="Stream",
        description="The name of the stream whose rows are written.",
        examples=["students"],
        json_schema_extra={"order": 0},
    )
    namespace: str | None = Field(
        default=None,
        title="Namespace",
        description="The stream's namespace, if streams of several namespaces share a name.",
        json_schema_extra={"order": 1},
    )
    target: Annotated[ImportSchemaTarget | SubmissionTarget, Field(discriminator="type")] = Field(
        title="Target",
        description="What the rows are written to.",
        json_schema_extra={"order": 2},
    )
    field_mapping: tuple[FieldMapping, ...] = Field(
        default=(),
        title="Field mapping",
        description="Columns whose field has another name. Every other column goes to the field of its own name.",
        json_schema_extra={"order": 3},
    )
    unmapped_columns: Literal["fail", "ignore"] = Field(
        default="fail",
        title="Columns without a field",
        description="What to do with a column that has no field: fail before the first row, or ignore the column.",
        json_schema_extra={"order": 4},
    )
    key_field: str | None = Field(
        default=None,
        title="Key field",
        description=(
            "The field that identifies a student. Rows with the same value are written in order, all others "
            "concurrently. Without it the stream's primary key is used; without either, rows go one by one."
        ),
        examples=["StudentID"],
        json_schema_extra={"order": 5},
    )


class FailOnRejectedRow(_Options):
    """Every row is tried; the sync fails if the service rejected one."""

    model_config = ConfigDict(title="Fail the sync")

    policy: Literal["fail"]


class SkipRejectedRow(_Options):
    """Rejected rows are left behind, counted, and written to the file if there is one."""

    model_config = ConfigDict(title="Skip the row")

    policy: Literal["skip"]
    max_rejected_percent: Annotated[float, Field(strict=True, ge=0, le=100)] = Field(
        default=5,
        title="Most rejected rows, in percent",
        description="The sync fails at its end when a larger part of its rows was rejected.",
        json_schema_extra={"order": 0},
    )


class Config(_Options):
    """All options of the destination."""

    model_config = ConfigDict(title="PowerSchool Enrollment Destination Spec")

    api_key: str = Field(
        min_length=1,
        repr=False,
        title="API key",
        description="The key that PowerSchool provided for the Enrollment API.",
        json_schema_extra={"order": 0, "airbyte_secret": True},
    )
    base_url: str = Field(
        default=DEFAULT_BASE_URL,
        title="Base URL",
        description="The address of the API. Leave it unless PowerSchool told you another one.",
        examples=[DEFAULT_BASE_URL, "https://secure.infosnap.com/api/v1"],
        json_schema_extra={
            "order": 1,
            "pattern": "^\\s*https?://.+$",
            "pattern_descriptor": "https://host/api/v1",
        },
    )
    imports: tuple[Import, ...] = Field(
        default=(),
        title="Imports",
        description=(
            "One entry for each stream: where its rows go. A stream that a data activation connection "
            "maps to a destination object needs none."
        ),
        json_schema_extra={"order": 2},
    )
    on_rejected_row: Annotated[FailOnRejectedRow | SkipRejectedRow, Field(discriminator="policy")] = Field(
        default=FailOnRejectedRow(policy="fail"),
        title="When a row is rejected",
        description=(
            "Fail: every row is still tried, then the sync fails, and the next sync sends the rows since the first "
            "rejected one again. Skip: the row is left behind and counted."
        ),
        json_schema_extra={"order": 3},
    )
    rejected_rows_file: str | None = Field(
        default=None,
        min_length=1,
        title="File for rejected rows",
        description=(
            "A file to which rejected rows are appended as JSON Lines, with the reason. It holds children's data: "
            "it is readable by its owner only, and it is yours to delete."
        ),
        examples=["/local/rejected_rows.jsonl"],
        json_schema_extra={"order": 4},
    )
    date_format: Literal["MM/DD/YYYY", "YYYY-MM-DD"] = Field(
        default="MM/DD/YYYY",
        title="Date format",
        description="How dates are written.",
        json_schema_extra={"order": 5},
    )
    null_values: Literal["omit", "empty"] = Field(
        default="omit",
        title="Null values",
        description="What a null does: omit leaves the field as it is in PowerSchool, empty clears it.",
        json_schema_extra={"order": 6},
    )
    num_workers: Annotated[int, Field(strict=True, ge=1, le=16)] = Field(
        default=4,
        title="Concurrent requests",
        description="How many rows are written at the same time.",
        json_schema_extra={"order": 7},
    )
    requests_per_minute: Positive | None = Field(
        default=None,
        title="Requests per minute",
        description="An upper limit of the rate, if PowerSchool asks for one.",
        examples=[600],
        json_schema_extra={"order": 8},
    )
    skip_unchanged: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Skip unchanged rows",
        description=(
            "Read the form's roster first, and send only the rows that differ from it. Much faster for a roster "
            "that is mostly the same every day. Needs a key field that holds the external student ID."
        ),
        json_schema_extra={"order": 9},
    )
    validate_only: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        title="Validate only",
        description="Map and check every row and report the counts, but send nothing and confirm no state.",
        json_schema_extra={"order": 10},
    )

    @property
    def connection(self) -> ConnectionSettings:
        """How to reach the service. Raises InvalidOption or WrongAddress."""
        return ConnectionSettings.from_config(self.model_dump())


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Return the options in `raw`; null counts as absent, and so do the platform's own `__…` entries.

    Raises InvalidOption that names every wrong option, without its value.
    """
    try:
        config = Config.model_validate(_without_nulls(raw))
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors(include_url=False, include_input=False)]
        raise InvalidOption(" ".join(problems)) from None
    _ = config.connection
    return config


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without_nulls(item)
            for key, item in value.items()
            if item is not None and not str(key).startswith("_")
        }
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _problem(detail: Any) -> str:
    option = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"There is no option {option}."
    if detail["type"] == "missing":
        return f"The option {option} is missing."
    if detail["type"] == "union_tag_invalid":
        return f"The option {option} must be one of {detail['ctx']['expected_tags']}."
    return f"The option {option} is wrong: {detail['msg']}."
