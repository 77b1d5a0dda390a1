"""Published actions: the forms of the district, each with its import schemas and its two lists of records."""

import functools
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_sandbox.district.record_factory import RecordFactory
from powerschool_enrollment_sandbox.district.record_list import RecordList

_KINDS = (
    ("Returning Student Registration", False),
    ("New Student Registration", True),
    ("Emergency Card Update", False),
    ("Pre-K Application", True),
    ("School Choice Transfer", False),
    ("Kindergarten Round-Up", True),
    ("Summer School", False),
    ("Mid-Year New Student Registration", True),
)
_YEARS_OFFERED = 3
_A_YEAR_AT_FIRST = 2


@dataclass(frozen=True)
class FormImportSchema:
    """Which fields an import may have, and which data item each of them fills."""

    id: int
    title: str
    fields: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """As `importschemas` lists it."""
        return {"id": self.id, "title": self.title, "fields": list(self.fields)}


@dataclass
class PublishedAction:
    """A form of one academic year."""

    id: int
    title: str
    school_year: int
    factory: RecordFactory
    roster: RecordList
    submissions: RecordList
    import_schemas: dict[int, FormImportSchema] = field(default_factory=dict)

    @property
    def academic_year(self) -> str:
        """`2025-2026` for the school year that starts in 2025."""
        return f"{self.school_year}-{self.school_year + 1}"

    def as_json(self) -> dict[str, Any]:
        """As `publishedactions` lists it."""
        return {"id": self.id, "title": self.title, "academicYear": self.academic_year}

    def schemas(self) -> list[dict[str, Any]]:
        """Return the import schemas as `importschemas` lists them."""
        return [schema.as_json() for schema in self.import_schemas.values()]

    @functools.cached_property
    def field_names(self) -> tuple[str, ...]:
        """The data items of the form, in its order."""
        return tuple(self.factory.roster_record(0, 0)["dataItems"])


def form_of(number: int, newest_school_year: int) -> tuple[str, int, bool]:
    """Title, school year and whether it is for new students, of a district's form of that number (from 0).

    First two kinds of form for three years, then two more kinds, and so on; then years further back.
    """
    block, rest = divmod(number, _A_YEAR_AT_FIRST * _YEARS_OFFERED)
    years_back, side = divmod(rest, _A_YEAR_AT_FIRST)
    further_back, pair = divmod(block, len(_KINDS) // _A_YEAR_AT_FIRST)
    title, new_students = _KINDS[pair * _A_YEAR_AT_FIRST + side]
    return title, newest_school_year - years_back - further_back * _YEARS_OFFERED, new_students


# The vendor's documentation shows both manners of naming: short names, and the data items' own.
SHORT_FIELDS = {
    "FirstName": "stu_FirstName",
    "MiddleName": "stu_MiddleName",
    "LastName": "stu_LastName",
    "ExternalID": "stu_ExternalID",
    "DateOfBirth": "stu_DateOfBirth",
    "Gender": "stu_Gender",
    "Grade": "stu_Grade",
    "School": "stu_School",
    "EmailAddress": "stu_Email",
    "HomePhone": "hh_Phone",
}


def roster_fields(field_names: tuple[str, ...]) -> dict[str, str]:
    """What a student information system can fill: all but families' signatures, permissions and documents."""
    return {name: name for name in field_names if not name.startswith(("doc_", "sig_", "perm_", "cst_"))}
