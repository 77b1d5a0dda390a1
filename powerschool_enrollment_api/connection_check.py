"""Checks address, service and key in at most two requests, and reports which of them is wrong."""

from __future__ import annotations

from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.errors import (
    EnrollmentError,
    KeyRefused,
    NotFound,
    TemporaryFailure,
    WrongAddress,
    WrongEnvironment,
)


def verify_connection(client: Client) -> None:
    """Verify that the service accepts the key. Raises the EnrollmentError that describes the problem.

    A client whose timeouts are `Timeouts.for_a_check()` sends each request once.
    """
    try:
        client.get("/connection/test")
    except KeyRefused:
        raise
    except EnrollmentError as error:
        raise _diagnosis(client, error) from None


def _diagnosis(client: Client, error: EnrollmentError) -> EnrollmentError:
    """Return the error to report if the key could not be verified. The health status is requested without the key."""
    if isinstance(error, (WrongAddress, WrongEnvironment)):
        return error
    if not isinstance(error, NotFound) and _is_healthy(client):
        return error
    if isinstance(error, TemporaryFailure):
        message = f"{error.message} The service's health status is not available either."
        return TemporaryFailure(message, error.where, error.status)
    return WrongAddress("this address is not the PowerSchool Enrollment API's.", error.where, error.status)


def _is_healthy(client: Client) -> bool:
    try:
        health = client.get_health()
    except EnrollmentError:
        return False
    return isinstance(health, dict) and any(key.lower() == "status" for key in health)
