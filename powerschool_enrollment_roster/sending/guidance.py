"""What to do about an error of the service, in the words of this command: it has no configuration file."""

from __future__ import annotations

import re

from destination_powerschool_enrollment.row_report import RowsRejected
from powerschool_enrollment_api import (
    EnrollmentError,
    KeyRefused,
    TemporaryFailure,
    Untrusted,
    WrongAddress,
    WrongEnvironment,
)

KEY_VARIABLE = "POWERSCHOOL_ENROLLMENT_API_KEY"
ADDRESS_VARIABLE = "POWERSCHOOL_ENROLLMENT_BASE_URL"
_VARIABLES = {"api_key": KEY_VARIABLE, "base_url": ADDRESS_VARIABLE}
_OPTION = re.compile(r"(?:[Tt]he option |option )?\b(api_key|base_url)\b")
_OUTAGE = (
    "Run it again later. If it lasts, check this machine's network, and ask PowerSchool whether the service is down."
)
_ALL_REJECTED = (
    "The first rows were all rejected, so the import stopped. The columns probably go to the wrong fields: look at "
    "them with --dry-run."
)
# The first class that fits counts.
_ADVICE: tuple[tuple[type[EnrollmentError], str], ...] = (
    (KeyRefused, f"Check {KEY_VARIABLE}: copy the key again from what PowerSchool provided."),
    (
        Untrusted,
        f"Check {ADDRESS_VARIABLE}. If a firewall inspects connections, name its certificate in REQUESTS_CA_BUNDLE.",
    ),
    (WrongEnvironment, "Correct the environment variable, or unset it."),
    (WrongAddress, f"Check {ADDRESS_VARIABLE} (it ends in /v1) and this machine's network, firewall and proxy."),
    (TemporaryFailure, _OUTAGE),
)


def text_of(error: EnrollmentError) -> str:
    """Return one line: where, what happened, the service's message, what to do next."""
    if isinstance(error, RowsRejected):
        return _ALL_REJECTED  # its message names options of the destination
    advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), "")
    answered = f'The service answered: "{error.service_message}".' if error.service_message else ""
    happened = f"{error.where}: {error.message}" if error.where else error.message
    happened = _OPTION.sub(lambda option: _VARIABLES[option[1]], happened)
    return " ".join(part for part in (happened, answered, advice) if part)
