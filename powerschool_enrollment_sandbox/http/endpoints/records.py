"""Roster and submission records: pages, single records, and POST /submission."""

from collections.abc import Mapping

from powerschool_enrollment_sandbox.district.record_list import RecordList, Search
from powerschool_enrollment_sandbox.district.submissions import submission_problems, submit
from powerschool_enrollment_sandbox.http.endpoints.published_actions import json_body, published_action
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer
from powerschool_enrollment_sandbox.http.service import Call, Service
from powerschool_enrollment_sandbox.http.wire import WIRES

# The vendor's table of search parameters is lost; these are the record's own fields that one would search.
_SEARCHABLE = frozenset(
    (
        "id",
        "status",
        "firstname",
        "lastname",
        "dateofbirth",
        "externalstudentid",
        "externalfamilyid",
        "household",
        "school",
        "grade",
        "enrollstatus",
        "tag",
        "tags",
    )
)


def list_roster_records(service: Service, call: Call) -> Answer:
    """GET /publishedactions/{id}/rosterrecords."""
    return _page(service, call, published_action(service, call.id).roster)


def list_submission_records(service: Service, call: Call) -> Answer:
    """GET /publishedactions/{id}/submissionrecords."""
    return _page(service, call, published_action(service, call.id).submissions)


def get_roster_record(service: Service, call: Call) -> Answer:
    """GET /rosterrecords/{id}."""
    try:
        record = service.district.roster_record(call.id)
    except KeyError:
        raise Refusal(404, "The roster record was not found.") from None
    return WIRES[service.settings.wire].details(record)


def get_submission_record(service: Service, call: Call) -> Answer:
    """GET /submissionrecords/{id}."""
    try:
        record = service.district.submission_record(call.id)
    except KeyError:
        raise Refusal(404, "The submission record was not found.") from None
    return WIRES[service.settings.wire].details(record)


def create_submission(service: Service, call: Call) -> Answer:
    """POST /submission; the documentation's table of answers is lost, so this is a guess in its style."""
    body = json_body(call)
    form_id = body.get("publishedActionId")
    form = published_action(service, form_id if isinstance(form_id, int) else -1)
    submission = body.get("submission")
    answers = submission.get("dataItems") if isinstance(submission, dict) else None
    problems = submission_problems(form, answers)
    if problems or not isinstance(answers, list):
        raise Refusal(400, "The submission is not valid.", errors=problems)
    record_id = submit(form, answers, service.clock.now())
    return json_answer({"status": "Success", "errors": [], "submissionRecordId": record_id})


def _page(service: Service, call: Call, records: RecordList) -> Answer:
    settings = service.settings
    number = _positive(call.query, "page", 1)
    size = min(_positive(call.query, "pagesize", settings.default_page_size), settings.page_size_cap)
    service.changes.before_page(call.entry.path, records)
    return WIRES[settings.wire].page(records.page(number, size, _search(call.query)))


def _search(query: Mapping[str, str]) -> Search:
    """Parameters that are not a record's field are ignored, as web frameworks do."""
    return tuple(sorted((name, value) for name, value in query.items() if name in _SEARCHABLE))


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, f"The parameter {name} must be a positive number.")
    return int(text)
