"""Published actions: the forms of the district. Each has import schemas and two lists of records."""

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
_KINDS_PER_YEAR = 2


@dataclass(frozen=True)
class FormImportSchema:
    """The fields that an import may contain, and the data item that each field sets."""

    id: int
    title: str
    fields: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the schema as `importschemas` lists it."""
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
        """Return the form as `publishedactions` lists it."""
        return {"id": self.id, "title": self.title, "academicYear": self.academic_year}

    def schemas(self) -> list[dict[str, Any]]:
        """Return the import schemas as `importschemas` lists them."""
        return [schema.as_json() for schema in self.import_schemas.values()]

    @functools.cached_property
    def field_names(self) -> tuple[str, ...]:
        """The names of the form's data items, in order."""
        return tuple(self.factory.roster_record(0, 0)["dataItems"])


def form_of(number: int, newest_school_year: int) -> tuple[str, int, bool]:
    """Return title, school year, and whether the form is for new students, of the form with this number (from 0).

    The first six forms are two kinds in three years each, the next six are two other kinds, and so on.
    After all kinds, the same kinds follow for earlier years.
    """
    block, rest = divmod(number, _KINDS_PER_YEAR * _YEARS_OFFERED)
    years_back, side = divmod(rest, _KINDS_PER_YEAR)
    further_back, pair = divmod(block, len(_KINDS) // _KINDS_PER_YEAR)
    title, new_students = _KINDS[pair * _KINDS_PER_YEAR + side]
    return title, newest_school_year - years_back - further_back * _YEARS_OFFERED, new_students


# The vendor's documentation shows both: short names like these, and the names of the data items.
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
    """Return the fields that a student information system can set.

    Documents, signatures, permissions and custom questions are not among them.
    """
    return {name: name for name in field_names if not name.startswith(("doc_", "sig_", "perm_", "cst_"))}
