"""Families: the address, the parents and the contacts that siblings share."""

from dataclasses import dataclass

from powerschool_enrollment_sandbox.district.names import Community, pools
from powerschool_enrollment_sandbox.district.seeded_random import draws

# The number of children of seven families. The pattern repeats: twelve students share seven addresses.
_CHILDREN = (1, 2, 1, 3, 2, 1, 2)
_PLACES = tuple((family, place) for family, children in enumerate(_CHILDREN) for place in range(children))
_TOWNS = (
    ("Cedar Park", "TX", "78613"),
    ("Leander", "TX", "78641"),
    ("Round Rock", "TX", "78664"),
    ("Pflugerville", "TX", "78660"),
    ("Georgetown", "TX", "78626"),
)
_RELATIVES = ("Grandmother", "Grandfather", "Aunt", "Uncle", "Neighbor", "Family friend")
_INSURERS = ("", "Blue Cross", "Aetna", "UnitedHealthcare", "CHIP", "Medicaid", "")


@dataclass(frozen=True)
class Family:
    """A family; `items` are the data items that are equal for all its children."""

    community: Community
    surname: str
    other_surname: str
    external_id: str
    household: str
    items: dict[str, str | None]


def place_in_family(student: int) -> tuple[int, int]:
    """Return the number of a student's family, and the student's place among its children, from 0."""
    sevens, rest = divmod(student, len(_PLACES))
    family, place = _PLACES[rest]
    return sevens * len(_CHILDREN) + family, place


def family(seed: int, number: int) -> Family:
    """Generate the family with this number."""
    d = draws(seed, "family", number)
    pool = pools()
    community = pool.communities[d[0] % len(pool.communities)]
    surname = community.surnames[d[1] % len(community.surnames)]
    other = surname if d[2] % 3 else community.surnames[d[3] % len(community.surnames)]
    two_parents = d[4] % 5 != 0
    return Family(
        community=community,
        surname=surname,
        other_surname=other,
        external_id=f"F{40_000 + number}" if d[5] % 3 else "",
        household=("Primary", "", "Primary", "Secondary")[d[6] % 4],
        items={
            **_home(d, community.language),
            **_parent("par1", "Mother", surname, d[10:17], community),
            **(_parent("par2", "Father", other, d[17:24], community) if two_parents else _NO_SECOND_PARENT),
            **_contacts(d, community),
        },
    )


def _home(d: tuple[int, ...], language: str) -> dict[str, str | None]:
    city, state, code = _TOWNS[d[7] % len(_TOWNS)]
    streets = pools().streets
    return {
        "hh_Address1": f"{100 + d[8] % 9800} {streets[d[9] % len(streets)]}",
        "hh_Address2": f"Apt {1 + d[6] % 240}" if d[6] % 4 == 0 else "",
        "hh_City": city,
        "hh_State": state,
        "hh_Zip": code,
        "hh_Phone": _phone(d[8]),
        "hh_MailingSame": "Yes" if d[9] % 9 else "No",
        "hh_Language": language,
    }


def _parent(
    prefix: str, relationship: str, surname: str, d: tuple[int, ...], community: Community
) -> dict[str, str | None]:
    pool = pools()
    names = community.girls if relationship == "Mother" else community.boys
    login = f"{pool.logins[d[1] % len(pool.logins)]}{d[2] % 900}"
    return {
        f"{prefix}_FirstName": names[d[0] % len(names)],
        f"{prefix}_LastName": surname,
        f"{prefix}_Relationship": relationship if d[6] % 12 else "Guardian",
        f"{prefix}_Email": f"{login}@example.{('com', 'net', 'org')[d[2] % 3]}" if d[1] % 8 else "",
        f"{prefix}_HomePhone": _phone(d[3]) if d[3] % 2 else "",
        f"{prefix}_CellPhone": _phone(d[4]),
        f"{prefix}_WorkPhone": _phone(d[5]) if d[5] % 3 == 0 else "",
        f"{prefix}_Employer": pool.employers[d[5] % len(pool.employers)] if d[6] % 4 else "",
        f"{prefix}_LivesWith": "Yes" if d[6] % 6 else "No",
        f"{prefix}_Custody": "Yes" if d[6] % 15 else "No",
    }


_NO_SECOND_PARENT: dict[str, str | None] = dict.fromkeys(
    (
        "par2_FirstName",
        "par2_LastName",
        "par2_Relationship",
        "par2_Email",
        "par2_HomePhone",
        "par2_CellPhone",
        "par2_WorkPhone",
        "par2_Employer",
        "par2_LivesWith",
        "par2_Custody",
    ),
    "",
)


def _contacts(d: tuple[int, ...], community: Community) -> dict[str, str | None]:
    names, surnames = community.girls + community.boys, community.surnames
    insurer = _INSURERS[d[30] % len(_INSURERS)]
    return {
        "emg1_Name": f"{names[d[24] % len(names)]} {surnames[d[25] % len(surnames)]}",
        "emg1_Relationship": _RELATIVES[d[24] % len(_RELATIVES)],
        "emg1_Phone": _phone(d[26]),
        "emg2_Name": f"{names[d[27] % len(names)]} {surnames[d[28] % len(surnames)]}" if d[29] % 2 else "",
        "emg2_Relationship": _RELATIVES[d[27] % len(_RELATIVES)] if d[29] % 2 else "",
        "emg2_Phone": _phone(d[28]) if d[29] % 2 else "",
        "med_Doctor": f"Dr. {pools().communities[d[30] % 30].surnames[d[29] % len(surnames)]}",
        "med_DoctorPhone": _phone(d[31]),
        "med_Insurance": insurer,
        "med_PolicyNumber": f"{d[30]:05d}-{d[31]:05d}" if insurer else None,
    }


# Numbers 555-01xx are reserved for fiction.
_PHONES = tuple(f"{area}-555-01{line:02d}" for line in range(100) for area in (512, 737, 254))


def _phone(draw: int) -> str:
    return _PHONES[draw % len(_PHONES)]
