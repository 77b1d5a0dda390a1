"""Data items: the answers of a family to the questions of a form, by names such as districts choose."""

from powerschool_enrollment_sandbox.district.students import Student

DataItems = dict[str, str | None]

DOCUMENT_FIELDS = ("doc_BirthCertificate", "doc_ProofOfResidency")

_ALLERGIES = ("", "", "", "", "Peanuts", "", "Penicillin", "", "Bee stings", "", "Milk", "")
_PADDING = "cst_Question{:03d}"
_ANSWERS = ("Yes", "No", "", "N/A", None, "See office", "1", "")


def data_items(student: Student, school_year: int, d: tuple[int, ...], *, answered: bool) -> DataItems:
    """Return the items of one record. Questions that only the family answers are empty unless `answered`."""
    allergies = _ALLERGIES[d[10] % len(_ALLERGIES)]
    return {
        **student.items,
        "stu_Grade": student.grade(school_year),
        "stu_School": student.school(school_year),
        "stu_Email": "",
        "stu_Phone": "",
        **student.family.items,
        "med_Allergies": allergies,
        "med_EpiPen": ("Yes" if d[13] % 2 else "No") if allergies else None,
        "med_Medications": "Albuterol inhaler" if d[14] % 11 == 0 else "",
        "med_Conditions": "Asthma" if d[14] % 11 == 0 else "",
        **(_answers(student, d) if answered else _UNANSWERED),
    }


def _answers(student: Student, d: tuple[int, ...]) -> DataItems:
    items = student.family.items
    return {
        "perm_Photo": "Yes" if d[15] % 7 else "No",
        "perm_FieldTrip": "Yes" if d[16] % 20 else "No",
        "perm_Internet": "Yes" if d[17] % 30 else "No",
        "perm_Directory": "Yes" if d[18] % 4 else "No",
        "trn_BusRider": "Yes" if d[19] % 3 == 0 else "No",
        "trn_AfterSchool": "Yes" if d[20] % 5 == 0 else "",
        "sig_Guardian": f"{items['par1_FirstName']} {items['par1_LastName']}",
        "sig_Comments": "" if d[21] % 12 else "Please call after 5 pm; “grandma” picks up on Tuesdays\nand Thursdays.",
        "doc_BirthCertificate": "",
        "doc_BirthCertificate_FileName": "",
        "doc_ProofOfResidency": "",
        "doc_ProofOfResidency_FileName": "",
    }


_UNANSWERED: DataItems = {
    "perm_Photo": "",
    "perm_FieldTrip": "",
    "perm_Internet": "",
    "perm_Directory": "",
    "trn_BusRider": "",
    "trn_AfterSchool": None,
    "sig_Guardian": "",
    "sig_Comments": "",
    "doc_BirthCertificate": "",
    "doc_BirthCertificate_FileName": "",
    "doc_ProofOfResidency": "",
    "doc_ProofOfResidency_FileName": "",
}


def sized(items: DataItems, count: int | None, d: tuple[int, ...]) -> DataItems:
    """Cut the items to `count`, or fill them up with custom questions. None returns all items unchanged."""
    if count is None or count == len(items):
        return items
    if count < len(items):
        return dict(list(items.items())[:count])
    for number in range(len(items), count):
        items[_PADDING.format(number)] = _ANSWERS[d[number % len(d)] % len(_ANSWERS)]
    return items
