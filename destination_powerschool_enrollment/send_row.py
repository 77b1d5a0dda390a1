"""Sends one row, and describes its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from destination_powerschool_enrollment.config import SubmissionTarget
from destination_powerschool_enrollment.mapping import Route, Row
from destination_powerschool_enrollment.redaction import RedactedReason, redact
from powerschool_enrollment_api import Client, EnrollmentError, TemporaryFailure
from powerschool_enrollment_api.imports import Fields, RowAnswer, create_submission, import_row

_LONGEST_REASON = 100_000  # characters; one reason for each of 300 fields is shorter

_UNKNOWN = (
    "It is not known whether the service created this submission: {}. "
    "Look for it in PowerSchool before sending it again."
)


class RowResult(Enum):
    """Whether a row was accepted, unchanged or rejected."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"  # the roster already contains this row, so it was not sent
    REJECTED = "rejected"


@dataclass(frozen=True)
class Outcome:
    """The result of a row, and why it was rejected.

    `reason` is complete and may quote values of the row, so it goes to the rejected-rows file only. `public_reason`
    contains no values. Two rows were rejected for the same reason if their `template` is equal; it is never shown.
    `unknown` means that the service may have accepted the row, `was_repeated` that the row was sent more than once.
    """

    result: RowResult
    reason: str = field(default="", repr=False)
    public_reason: str = ""
    template: str = field(default="", repr=False)
    status: int | None = None
    unknown: bool = False
    was_repeated: bool = False


ACCEPTED = Outcome(RowResult.ACCEPTED)
UNCHANGED = Outcome(RowResult.UNCHANGED)


def unfit(reason: str) -> Outcome:
    """Return the rejection of a row that cannot be sent. `reason` must not contain a value of the row."""
    return Outcome(RowResult.REJECTED, reason, reason, reason)


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
    if not answer.errors:
        return replace(unfit(f"The service refused the row with status {answer.status}."), status=answer.status)
    reason = "; ".join(answer.errors)[:_LONGEST_REASON]
    redacted = _redacted(reason, route, row, fields)
    return Outcome(RowResult.REJECTED, reason, redacted.text, redacted.template, answer.status)


def _has_unknown_outcome(error: EnrollmentError) -> bool:
    return isinstance(error, TemporaryFailure) and error.arrived


def _redacted_error(error: EnrollmentError, route: Route, row: Row, fields: Fields) -> EnrollmentError:
    """Return the error with the service's message redacted."""
    if error.service_message is None:
        return error
    return replace(error, service_message=_redacted(error.service_message, route, row, fields).text)


def _redacted(text: str, route: Route, row: Row, fields: Fields) -> RedactedReason:
    values = {*fields.values(), *(str(value) for value in row.values() if value is not None)}
    return redact(text, values, route.field_names)
