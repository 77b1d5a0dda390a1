"""Writes rows, one per request: lists the forms and import schemas that can be written to, and interprets the answers.

| The service answers | The row was |
|---|---|
| 200 `{"status": "Success", "errors": []}` | accepted |
| 200 `{"status": "Error", "errors": ["…"]}`, or any other `status` with `errors` | rejected |
| 400, 404, 409, 422 or another 4xx that is about the request | rejected |
| another 2xx without `errors`, to a submission | accepted |
| anything else | unknown: an EnrollmentError is raised |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powerschool_enrollment_api.address import path_of
from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.envelope import integer_id, open_list, open_one
from powerschool_enrollment_api.errors import NotFound, RequestRefused, UnexpectedAnswer, located

Fields = Mapping[str, str]


@dataclass(frozen=True)
class ImportSchema:
    """A way to write to a form's roster: the fields that may be sent."""

    id: int
    title: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class RowAnswer:
    """The service's answer about one row. `errors` may quote the row's values; a 4xx answer may have none."""

    accepted: bool
    errors: tuple[str, ...] = ()
    status: int = 200


def read_published_actions(client: Client) -> dict[int, str]:
    """Return the title of each form, with its academic year, by the form's id."""
    with located("GET /publishedactions"):
        forms = open_list(client.get("/publishedactions"))
    return {
        form_id: " ".join(str(form[key]) for key in ("title", "academicYear") if form.get(key))
        for form in forms
        if (form_id := integer_id(form.get("id"))) is not None
    }


def read_import_schemas(client: Client, published_action_id: int) -> dict[int, ImportSchema]:
    """Return the form's import schemas by their ids."""
    path = path_of("publishedactions", published_action_id, "importschemas")
    with located(f"GET {path}"):
        schemas = open_list(client.get(path))
    return {
        schema_id: ImportSchema(schema_id, str(schema.get("title") or ""), _names(schema.get("fields")))
        for schema in schemas
        if (schema_id := integer_id(schema.get("id"))) is not None
    }


def import_row(client: Client, published_action_id: int, import_schema_id: int, fields: Fields) -> RowAnswer:
    """Create or update one roster record. The request is idempotent, so it is retried after every TemporaryFailure."""
    path = path_of("publishedactions", published_action_id, "importschemas", import_schema_id)
    try:
        with located(f"POST {path}"):
            return _import_answer(client.post(path, dict(fields), repeatable=True))
    except (NotFound, RequestRefused) as refusal:
        return _refused(refusal)


def create_submission(client: Client, published_action_id: int, fields: Fields) -> RowAnswer:
    """Create one submission.

    The request is sent again only if the service did not process it. A TemporaryFailure with `arrived` means that
    it is unknown whether the submission exists. The documentation does not describe a success, so every
    2xx answer without errors counts as one.
    """
    items = [{"fieldName": name, "value": value} for name, value in fields.items()]
    body = {"publishedActionId": published_action_id, "submission": {"dataItems": items}}
    try:
        answer = client.post("/submission", body, repeatable=False, may_be_empty=True)
    except (NotFound, RequestRefused) as refusal:
        return _refused(refusal)
    return _rejection(answer) or RowAnswer(accepted=True)


def _import_answer(answer: Any) -> RowAnswer:
    if rejection := _rejection(answer):
        return rejection
    if _status(answer) == "success":
        return RowAnswer(accepted=True)
    raise UnexpectedAnswer("the answer does not state whether the row was imported.", status=200)


def _rejection(answer: Any) -> RowAnswer | None:
    """Return the rejection in a 2xx answer, else None: here the status 200 does not mean success."""
    envelope = _envelope(answer)
    errors = _texts(envelope.get("errors"))
    if errors or _status(answer) == "error":
        return RowAnswer(accepted=False, errors=errors or ("The service gave no reason.",))
    return None


def _status(answer: Any) -> str:
    return str(_envelope(answer).get("status") or "").lower()


def _envelope(answer: Any) -> dict[str, Any]:
    try:
        envelope = open_one(answer) or {}
    except UnexpectedAnswer:
        return {}
    return {key.lower(): value for key, value in envelope.items()}


def _refused(refusal: NotFound | RequestRefused) -> RowAnswer:
    reasons = (refusal.service_message,) if refusal.service_message else ()
    return RowAnswer(accepted=False, errors=reasons, status=refusal.status or 400)


def _texts(value: Any) -> tuple[str, ...]:
    """Return the errors as texts, whether the service sent a list of them, one, or objects with a `message`."""
    items = value if isinstance(value, list) else [value] if value else []
    return tuple(str(item.get("message", item)) if isinstance(item, dict) else str(item) for item in items)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
