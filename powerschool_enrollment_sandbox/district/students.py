"""Students. A student has the same name, family and date of birth in every form and every year."""

import functools
from dataclasses import dataclass
from datetime import date, timedelta

from powerschool_enrollment_sandbox.district.families import Family, family, place_in_family
from powerschool_enrollment_sandbox.district.seeded_random import draws

GRADES = ("PK", "K", *(str(grade) for grade in range(1, 13)))
NEWEST_SCHOOL_YEAR = 2025
FIRST_STUDENT_ID = 200_000

_ELEMENTARY = (
    "Cedar Park Elementary",
    "Bluebonnet Elementary",
    "Block House Creek Elementary",
    "Río Vista Elementary",
)
_MIDDLE = ("Canyon Ridge Middle", "Running Brushy Middle")
_HIGH = ("Cedar Park High", "Vista Ridge High")
_LAST_ELEMENTARY, _LAST_MIDDLE = GRADES.index("5"), GRADES.index("8")
_YOUNGEST = 5
_RACES = (
    "White",
    "Black or African American",
    "Asian",
    "American Indian or Alaska Native",
    "Two or more",
    "",
)
_COUNTRIES = ("United States", "United States", "United States", "México", "Việt Nam", "India", "")


@dataclass(frozen=True)
class Student:
    """A student.

    Attributes:
        cohort: index in GRADES of the student's grade in the newest school year.
        draw: a random number that chooses the school.
        items: the data items that are equal in every form.
    """

    external_id: str
    first_name: str
    last_name: str
    date_of_birth: date
    cohort: int
    draw: int
    family: Family
    items: dict[str, str | None]

    def grade(self, school_year: int) -> str:
        """Return the grade in the school year that starts in autumn of `school_year`."""
        return GRADES[self._level(school_year)]

    def school(self, school_year: int) -> str:
        """Return the name of the school in that school year."""
        level = self._level(school_year)
        schools = _ELEMENTARY if level <= _LAST_ELEMENTARY else _MIDDLE if level <= _LAST_MIDDLE else _HIGH
        return schools[self.draw % len(schools)]

    def _level(self, school_year: int) -> int:
        return min(max(self.cohort - (NEWEST_SCHOOL_YEAR - school_year), 0), len(GRADES) - 1)


def external_student_id(number: int) -> str:
    """Return the id of a student in the student information system."""
    return str(FIRST_STUDENT_ID + number)


# Siblings are generated soon after each other, and so is the same student in another form: both are cached.
_family = functools.lru_cache(maxsize=16_384)(family)


@functools.lru_cache(maxsize=16_384)
def student(seed: int, number: int) -> Student:
    """Generate the student with this number (from 0)."""
    family_number, place = place_in_family(number)
    home = _family(seed, family_number)
    d = draws(seed, "student", number)
    girl = d[0] % 2 == 0
    first_names = home.community.girls if girl else home.community.boys
    cohort = (d[1] + place * 2) % len(GRADES)
    born = date(NEWEST_SCHOOL_YEAR - _YOUNGEST - cohort, 9, 2) + timedelta(days=d[3] % 365)
    first_name = first_names[d[4] % len(first_names)]
    last_name = home.surname if place == 0 or d[6] % 10 else home.other_surname
    external_id = external_student_id(number)
    items: dict[str, str | None] = {
        "stu_FirstName": first_name,
        "stu_MiddleName": first_names[d[5] % len(first_names)] if d[5] % 3 else "",
        "stu_LastName": last_name,
        "stu_Suffix": "",
        "stu_PreferredName": "" if d[9] % 6 else first_name[:3],
        "stu_ExternalID": external_id,
        "stu_DateOfBirth": f"{born.month:02d}/{born.day:02d}/{born.year}",
        "stu_Gender": "X" if d[7] % 200 == 0 else "F" if girl else "M",
        "stu_StateID": f"{1_000_000_000 + number * 104_729 % 9_000_000_000}",
        "stu_BirthCity": "Austin" if d[10] % 3 == 0 else "",
        "stu_BirthCountry": _COUNTRIES[d[11] % len(_COUNTRIES)],
        "stu_Hispanic": "Yes" if home.community.language == "Spanish" else "No",
        "stu_Race": _RACES[d[12] % len(_RACES)],
    }
    return Student(external_id, first_name, last_name, born, cohort, d[8], home, items)
