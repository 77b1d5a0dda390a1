"""POST /submission: creates a submission record, pending approval, from the answers of a family."""

from datetime import datetime
from typing import Any

from powerschool_enrollment_sandbox.district.clock import as_naive_text
from powerschool_enrollment_sandbox.district.imports import parsed_date
from powerschool_enrollment_sandbox.district.published_actions import PublishedAction


def submission_problems(form: PublishedAction, answers: Any) -> list[str]:
    """Return the errors in the `dataItems` of a submission to a form."""
    if not isinstance(answers, list) or not answers:
        return ["submission.dataItems must be a list of fieldName and value."]
    known = set(form.field_names)
    problems = []
    for answer in answers:
        name, value = (answer.get("fieldName"), answer.get("value")) if isinstance(answer, dict) else (None, None)
        if name not in known:
            problems.append(f"{name} is not a field of this form.")
        elif not (value is None or isinstance(value, str)):
            problems.append(f"{name} must be text.")
        elif "DateOfBirth" in name and value and parsed_date(value) is None:
            problems.append(f'{name}: "{value}" is not a valid date.')
    given = {answer.get("fieldName") for answer in answers if isinstance(answer, dict) and answer.get("value")}
    return problems + [f"{name} is required." for name in ("stu_FirstName", "stu_LastName") if name not in given]


def submit(form: PublishedAction, answers: list[dict[str, Any]], now: datetime) -> int:
    """Create the submission record and return its id."""
    items = dict.fromkeys(form.field_names, "") | {answer["fieldName"]: answer["value"] for answer in answers}
    born = parsed_date(items.get("stu_DateOfBirth") or "")
    moment = as_naive_text(now)
    fields: dict[str, Any] = {
        "status": "PendingApproval",
        "firstName": items["stu_FirstName"],
        "lastName": items["stu_LastName"],
        "dateOfBirth": f"{born.isoformat()}T00:00:00" if born else None,
        "externalStudentID": items.get("stu_ExternalID") or "",
        "externalFamilyID": "",
        "household": "",
        "school": items.get("stu_School") or "",
        "grade": items.get("stu_Grade") or "",
        "enrollStatus": "",
        "imported": None,
        "started": moment,
        "submitted": moment,
        "tags": [],
    }
    return form.submissions.insert(None, items, **fields)
