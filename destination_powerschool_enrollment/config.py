"""The destination's configuration: one frozen model, and the specification that is generated from it.

`parse_config` validates the options once. All other code reads `Config`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from destination_powerschool_enrollment.form_schema import form_schema
from powerschool_enrollment_airbyte.option_errors import valid_options
from powerschool_enrollment_api import DEFAULT_BASE_URL, ConnectionSettings

Positive = Annotated[int, Field(ge=1)]

DateFormat = Literal["MM/DD/YYYY", "YYYY-MM-DD"]

# The form's cards, in their order.
CARDS: list[JsonValue] = [
    {"id": "connection", "title": "Connection"},
    {"id": "rows", "title": "What to write"},
    {"id": "rejected", "title": "Rejected rows"},
    {"id": "values", "title": "Dates and empty values"},
    {"id": "speed", "title": "Speed"},
    {"id": "trial", "title": "Trial run"},
]


class _Options(BaseModel):
    """A group of options, immutable."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class ImportSchemaTarget(_Options):
    """Each row creates or updates a student's roster record, through an import schema of the form."""

    model_config = ConfigDict(title="Roster")

    type: Literal["import_schema"] = Field(
        title="Type", description="Write to the roster.", json_schema_extra={"order": 0}
    )
    published_action_id: Positive = Field(
        title="Form ID",
        description=(
            "The number of the form (published action) whose roster the rows are written to. "
            "If it is not found, the connection test lists the existing ones."
        ),
        examples=[123],
        json_schema_extra={"order": 1},
    )
    import_schema_id: Positive = Field(
        title="Import schema ID",
        description=(
            "The number of the form's import schema, which lists the fields that can be written. "
            "If it is not found, the connection test lists the existing ones."
        ),
        examples=[1],
        json_schema_extra={"order": 2},
    )


class SubmissionTarget(_Options):
    """Each row creates a new submission. Existing submissions never change."""

    model_config = ConfigDict(title="New submissions")

    type: Literal["submission"] = Field(title="Type", description="Create submissions.", json_schema_extra={"order": 0})
    published_action_id: Positive = Field(
        title="Form ID",
        description=(
            "The number of the form (published action) that gets the submissions. "
            "If it is not found, the connection test lists the existing ones."
        ),
        examples=[123],
        json_schema_extra={"order": 1},
    )


Target = ImportSchemaTarget | SubmissionTarget


class FieldMapping(_Options):
    """A column whose field has another name."""

    model_config = ConfigDict(title="Column and field")

    column: str = Field(
        min_length=1,
        title="Column",
        description="The name of a column of the stream.",
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
        description="The name of the stream (often a table) whose rows are written.",
        examples=["students"],
        json_schema_extra={"order": 0},
    )
    namespace: str | None = Field(
        default=None,
        title="Namespace",
        description="The stream's namespace (often a database schema). Needed only if two streams have the same name.",
        examples=["public"],
        json_schema_extra={"order": 1},
    )
    target: Annotated[Target, Field(discriminator="type")] = Field(
        title="Target",
        description="What the rows become in PowerSchool Enrollment.",
        json_schema_extra={"order": 2, "display_type": "radio"},
    )
    field_mapping: tuple[FieldMapping, ...] = Field(
        default=(),
        title="Field mapping",
        description="Columns whose field has another name. Every other column goes to the field of the same name.",
        json_schema_extra={"order": 3},
    )
    unmapped_columns: Literal["fail", "ignore"] = Field(
        default="fail",
        title="Columns without a field",
        description="With fail, the sync names them and ends before the first row. With ignore, they are left out.",
        json_schema_extra={"order": 4},
    )
    key_field: str | None = Field(
        default=None,
        title="Key field",
        description=(
            "The field that identifies a student. Rows of the same student are sent in order, rows of different "
            "students at the same time. By default the stream's primary key identifies a student; without either, all "
            "rows are sent one by one, which is slow."
        ),
        examples=["StudentID"],
        json_schema_extra={"order": 5, "always_show": True},
    )


class FailOnRejectedRow(_Options):
    """Every other row is still sent, then the sync fails. The next sync begins after the last confirmed state."""

    model_config = ConfigDict(title="Fail the sync")

    policy: Literal["fail"] = Field(title="Policy", description="Fail the sync.", json_schema_extra={"order": 0})


class SkipRejectedRow(_Options):
    """Rejected rows are left out and counted. The sync fails only if there are too many."""

    model_config = ConfigDict(title="Skip the row")

    policy: Literal["skip"] = Field(title="Policy", description="Skip the row.", json_schema_extra={"order": 0})
    max_rejected_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        default=5,
        title="Most rejected rows, in percent",
        description="If a larger share of the rows was rejected, the sync fails at its end.",
        json_schema_extra={"order": 1, "always_show": True},
    )


RejectedRowPolicy = FailOnRejectedRow | SkipRejectedRow


class Config(_Options):
    """Where rows go in PowerSchool Enrollment, and how."""

    model_config = ConfigDict(title="PowerSchool Enrollment", json_schema_extra={"groups": CARDS})

    api_key: str = Field(
        min_length=1,
        repr=False,
        title="API key",
        description=(
            "The key that your PowerSchool Enrollment solution specialist gave you. It gives access to all enrollment "
            "records of your district."
        ),
        json_schema_extra={"order": 0, "group": "connection", "airbyte_secret": True},
    )
    base_url: str = Field(
        default=DEFAULT_BASE_URL,
        title="API address",
        description="The address of the PowerSchool Enrollment API. Keep it unless PowerSchool gave you another one.",
        examples=[DEFAULT_BASE_URL, "https://secure.infosnap.com/api/v1"],
        json_schema_extra={
            "order": 1,
            "group": "connection",
            "pattern": "^\\s*https?://.+$",
            "pattern_descriptor": "https://host/api/v1",
        },
    )
    imports: tuple[Import, ...] = Field(
        default=(),
        title="Imports",
        description=(
            "One entry for each stream: where its rows go. In a data activation connection, a stream that is mapped to "
            "an object of this destination does not need an entry."
        ),
        json_schema_extra={"order": 2, "group": "rows", "always_show": True},
    )
    on_rejected_row: Annotated[RejectedRowPolicy, Field(discriminator="policy")] = Field(
        default=FailOnRejectedRow(policy="fail"),
        title="When a row is rejected",
        description=(
            "PowerSchool Enrollment checks each row, and may reject it, for example because a date is not valid "
            "or a required field is empty."
        ),
        json_schema_extra={"order": 3, "group": "rejected", "display_type": "radio", "always_show": True},
    )
    rejected_rows_file: str | None = Field(
        default=None,
        min_length=1,
        title="File for rejected rows",
        description=(
            "A file to which rejected rows are added, each with its reason. It contains children's data: "
            "only its owner can read it, and you must delete it. On the Airbyte platform a file is lost when the "
            "sync ends, unless its folder is on a volume. Leave it empty for no file."
        ),
        examples=["/srv/enrollment/rejected_rows.jsonl"],
        json_schema_extra={"order": 4, "group": "rejected"},
    )
    date_format: DateFormat = Field(
        default="MM/DD/YYYY",
        title="Date format",
        description="How dates are written: 04/20/2015 or 2015-04-20.",
        json_schema_extra={"order": 5, "group": "values", "always_show": True},
    )
    null_values: Literal["omit", "empty"] = Field(
        default="omit",
        title="Empty values",
        description="With omit, a null leaves the field in PowerSchool as it is. With empty, it clears the field.",
        json_schema_extra={"order": 6, "group": "values", "always_show": True},
    )
    num_workers: Annotated[int, Field(ge=1, le=16)] = Field(
        default=4,
        title="Requests at the same time",
        description=(
            "How many rows are sent at the same time. A higher number is faster, until the service asks to slow down."
        ),
        json_schema_extra={"order": 7, "group": "speed"},
    )
    requests_per_minute: Positive | None = Field(
        default=None,
        title="Most requests per minute",
        description=(
            "The limit for all requests of a sync together, if PowerSchool asks for one. Leave it empty for no limit."
        ),
        examples=[600],
        json_schema_extra={"order": 8, "group": "speed"},
    )
    skip_unchanged: bool = Field(
        default=False,
        title="Skip unchanged rows",
        description=(
            "Read the form's roster first, and send only the rows that differ from it. This is much faster if few rows "
            "change each day. The key field must contain the external student ID."
        ),
        json_schema_extra={"order": 9, "group": "speed"},
    )
    validate_only: bool = Field(
        default=False,
        title="Validate only",
        description=(
            "Map and check each row, log the counts, and send nothing. This cannot find what only PowerSchool checks, "
            "such as the format of an email address. The next sync sends the same rows again."
        ),
        json_schema_extra={"order": 10, "group": "trial", "always_show": True},
    )

    @property
    def connection(self) -> ConnectionSettings:
        """Return how to reach the service. Raises InvalidOption or WrongAddress."""
        return ConnectionSettings.from_config(self.model_dump())


def parse_config(raw: Mapping[str, Any]) -> Config:
    """Return the configuration. Raises InvalidOption that names every wrong option, or WrongAddress."""
    config = Config.model_validate(valid_options(raw, options_schema()))
    _ = config.connection
    return config


def options_schema() -> dict[str, Any]:
    """Return the JSON schema of the options."""
    return form_schema(Config)
