"""Sends one row and returns its outcome."""

from __future__ import annotations

from dataclasses import replace

from destination_powerschool_enrollment.config import SubmissionTarget
from destination_powerschool_enrollment.mapping import Route, Row
from destination_powerschool_enrollment.outcome import ACCEPTED, Outcome, RowResult
from destination_powerschool_enrollment.redaction import RedactedReason, redact
from powerschool_enrollment_api import Client, EnrollmentError, PassingFault
from powerschool_enrollment_api.imports import Fields, RowAnswer, create_submission, import_row

_LONGEST_REASON = 100_000  # characters that are kept: a reason for each of 300 fields takes fewer

_UNKNOWN = (
    "It is not known whether the service created this submission: {}. "
    "Look for it in PowerSchool before sending it again."
)


def send_row(client: Client, route: Route, row: Row, fields: Fields) -> Outcome:
    """Send one row. Raises an EnrollmentError without the row's values if the sync cannot continue."""
    try:
        return _outcome(_send(client, route, fields), route, row, fields)
    except EnrollmentError as error:
        if isinstance(route.target, SubmissionTarget) and _has_unknown_outcome(error):
            reason = _UNKNOWN.format(error.message.rstrip("."))
            return Outcome(RowResult.REJECTED, reason, reason, reason, error.status, unknown=True)
        raise _redacted_error(error, route, row, fields) from None


def _send(client: Client, route: Route, fields: Fields) -> RowAnswer:
    target = route.target
    if isinstance(target, SubmissionTarget):
        return create_submission(client, target.published_action_id, fields)
    return import_row(client, target.published_action_id, target.import_schema_id, fields)


def _outcome(answer: RowAnswer, route: Route, row: Row, fields: Fields) -> Outcome:
    if answer.accepted:
        return ACCEPTED
    reason = "; ".join(answer.errors)[:_LONGEST_REASON]
    redacted = _redacted(reason, route, row, fields)
    return Outcome(RowResult.REJECTED, reason, redacted.text, redacted.template, answer.status)


def _has_unknown_outcome(error: EnrollmentError) -> bool:
    return isinstance(error, PassingFault) and error.arrived


def _redacted_error(error: EnrollmentError, route: Route, row: Row, fields: Fields) -> EnrollmentError:
    """Return the error with the service's message redacted."""
    if error.service_message is None:
        return error
    return replace(error, service_message=_redacted(error.service_message, route, row, fields).text)


def _redacted(text: str, route: Route, row: Row, fields: Fields) -> RedactedReason:
    values = {*fields.values(), *(str(value) for value in row.values() if value is not None)}
    return redact(text, values, route.field_names)
