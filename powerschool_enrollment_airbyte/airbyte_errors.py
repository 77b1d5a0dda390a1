"""Maps the errors of the client library to Airbyte's failure types and exceptions."""

from __future__ import annotations

from airbyte_cdk.models import AirbyteErrorTraceMessage, AirbyteMessage, FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_airbyte.output import without_surrogates
from powerschool_enrollment_api.errors import (
    EnrollmentError,
    InvalidOption,
    KeyRefused,
    TemporaryFailure,
    WrongAddress,
    WrongEnvironment,
)


def failure_type_of(error: EnrollmentError) -> FailureType:
    """Return the failure type: config_error (the user must act), transient_error (retry), or system_error."""
    if isinstance(error, (InvalidOption, WrongAddress, WrongEnvironment, KeyRefused)):
        return FailureType.config_error
    if isinstance(error, TemporaryFailure):
        return FailureType.transient_error
    return FailureType.system_error


def as_traced_exception(error: EnrollmentError, failure_type: FailureType | None = None) -> AirbyteTracedException:
    """Return the exception that the platform shows. `failure_type` overrides the type that the error implies.

    Raise it `from None`: the text of a chained exception is printed, too.
    """
    text = without_surrogates(str(error))
    return AirbyteTracedException(
        message=text, internal_message=text, failure_type=failure_type or failure_type_of(error)
    )


def is_self_explanatory(error: BaseException | AirbyteErrorTraceMessage | None) -> bool:
    """Return whether `as_traced_exception` created the failure: its message is clear without a stack trace."""
    if not isinstance(error, (AirbyteTracedException, AirbyteErrorTraceMessage)):
        return False
    return error.message is not None and error.message == error.internal_message


def as_single_message(message: AirbyteMessage) -> AirbyteMessage:
    """Return the message. In the trace of an expected failure, remove the stack trace and the repeated reason."""
    error = message.trace and message.trace.error
    if error and is_self_explanatory(error):
        error.internal_message = error.stack_trace = None
    return message
