"""Is this the service, is it up, and does it accept the key? Told apart in at most two requests."""

from __future__ import annotations

import requests

from powerschool_enrollment_api.address import health_url
from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.errors import EnrollmentError, KeyRefused, PassingFault, WrongAddress


def verify_connection(client: Client) -> None:
    """Ask whether the key is valid. Raises KeyRefused, WrongAddress or PassingFault with what is wrong."""
    try:
        client.get("/connection/test")
    except KeyRefused:
        raise
    except EnrollmentError as error:
        raise _diagnosis(client, error) from None


def _diagnosis(client: Client, error: EnrollmentError) -> EnrollmentError:
    """Return what is wrong when the credentials could not be verified, asking the health status without the key."""
    if isinstance(error, WrongAddress):
        return error
    if isinstance(error, PassingFault) and not error.arrived and error.status is None:
        return WrongAddress(error.message, error.where)
    if _is_healthy(client):
        return error
    if isinstance(error, PassingFault):
        return PassingFault(f"{error.message} Its health status does not answer either.", error.where, error.status)
    return WrongAddress("this address is not the PowerSchool Enrollment API's.", error.where, error.status)


def _is_healthy(client: Client) -> bool:
    try:
        answer = requests.get(health_url(client.settings.base_url), timeout=10, allow_redirects=False, auth=_no_key)
        return answer.ok and "Status" in answer.json()
    except (requests.RequestException, TypeError):
        return False


def _no_key(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send nothing: without an authenticator of its own, requests would look for a password in ~/.netrc."""
    return request
