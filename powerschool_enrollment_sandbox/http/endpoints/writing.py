"""Endpoints that create or change records: the import of a row, and a submission."""

from typing import Any

import orjson

from powerschool_enrollment_sandbox.district.submissions import submission_problems, submit
from powerschool_enrollment_sandbox.http.endpoints.read_only import find_published_action
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer
from powerschool_enrollment_sandbox.http.service import Call, Service


def import_roster_record(service: Service, call: Call) -> Answer:
    """POST /publishedactions/{id}/importschemas/{schemaid}. A rejected row is answered with status 200, too."""
    form = find_published_action(service.district, call.id)
    schema = form.import_schemas.get(call.number("schemaid"))
    if schema is None:
        raise Refusal(404, "The import schema was not found.")
    with service.district.lock:
        errors = service.district.imports.apply(
            form,
            schema,
            _json_body(call),
            now=service.clock.now(),
            request=call.entry.number,
            refuse_started=service.settings.refuse_started,
        )
    return json_answer({"status": "Error" if errors else "Success", "errors": errors})


def create_submission(service: Service, call: Call) -> Answer:
    """POST /submission. The vendor's documentation does not describe its answers: these are like those to an import."""
    body = _json_body(call)
    form_id = body.get("publishedActionId")
    form = find_published_action(service.district, form_id if isinstance(form_id, int) else -1)
    submission = body.get("submission")
    data_items = submission.get("dataItems") if isinstance(submission, dict) else None
    problems = submission_problems(form, data_items)
    if problems or not isinstance(data_items, list):
        raise Refusal(400, "The submission is not valid.", errors=problems)
    record_id = submit(form, data_items, service.clock.now())
    return json_answer({"status": "Success", "errors": [], "submissionRecordId": record_id})


def _json_body(call: Call) -> dict[str, Any]:
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return body
