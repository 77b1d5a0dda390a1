"""Published actions, their import schemas, and the import of a row."""

from typing import Any

import orjson

from powerschool_enrollment_sandbox.district.published_actions import PublishedAction
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer
from powerschool_enrollment_sandbox.http.service import Call, Service


def published_action(service: Service, form_id: int) -> PublishedAction:
    """The form, or 404."""
    form = service.district.forms.get(form_id)
    if form is None:
        raise Refusal(404, "The published action was not found.")
    return form


def json_body(call: Call) -> dict[str, Any]:
    """The object in the request's body, or 400."""
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return body


def list_published_actions(service: Service, _call: Call) -> Answer:
    """GET /publishedactions."""
    return json_answer([form.answer() for form in service.district.forms.values()])


def list_import_schemas(service: Service, call: Call) -> Answer:
    """GET /publishedactions/{id}/importschemas."""
    form = published_action(service, call.id)
    return json_answer([schema.answer() for schema in form.import_schemas.values()])


def import_roster_record(service: Service, call: Call) -> Answer:
    """POST /publishedactions/{id}/importschemas/{schemaid}: 200 whether the row was imported or not."""
    form = published_action(service, call.id)
    schema = form.import_schemas.get(call.number("schemaid"))
    if schema is None:
        raise Refusal(404, "The import schema was not found.")
    with service.district.lock:
        errors = service.district.imports.apply(
            form,
            schema,
            json_body(call),
            now=service.clock.now(),
            request=call.entry.number,
            refuse_started=service.settings.refuse_started,
        )
    return json_answer({"status": "Error" if errors else "Success", "errors": errors})
