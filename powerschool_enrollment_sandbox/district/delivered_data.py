"""The format in which a delivery target sends a submission record: one object for each person."""

from powerschool_enrollment_sandbox.district.record_factory import Record

_STUDENT = {
    "firstName": "stu_FirstName",
    "middleName": "stu_MiddleName",
    "lastName": "stu_LastName",
    "dateOfBirth": "stu_DateOfBirth",
    "grade": "stu_Grade",
    "gender": "stu_Gender",
    "school": "stu_School",
    "address": "hh_Address1",
    "city": "hh_City",
    "state": "hh_State",
    "zip": "hh_Zip",
}
_PARENT = {
    "relationship": "Relationship",
    "firstName": "FirstName",
    "lastName": "LastName",
    "homePhone": "HomePhone",
    "cellPhone": "CellPhone",
    "email": "Email",
}


def delivered_data(record: Record) -> dict[str, dict[str, str]]:
    """Return student, first parent and, if the record has one, second parent. All values are text."""
    items = record["dataItems"]
    student_id = record["externalStudentID"] or ""
    data = {"student": {"studentID": student_id} | {name: items.get(item) or "" for name, item in _STUDENT.items()}}
    for number in (1, 2):
        parent = {name: items.get(f"par{number}_{item}") or "" for name, item in _PARENT.items()}
        if any(parent.values()):
            data[f"parent{number}"] = {"studentID": student_id} | parent
    return data
