"""A client library for the PowerSchool Enrollment API: addresses, authentication, wire shapes and errors.

All requests to the service go through `Client`. The package does not depend on Airbyte.

    settings = ConnectionSettings.from_config({"api_key": "…"})
    client = Client(settings)
    forms = open_list(client.get("/publishedactions"))
"""

from powerschool_enrollment_api.address import DEFAULT_BASE_URL, health_url, is_loopback, normalise_base_url, path_of
from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.connection_check import verify_connection
from powerschool_enrollment_api.envelope import Page, open_list, open_one, open_page
from powerschool_enrollment_api.errors import (
    AlwaysTooLarge,
    AnswerTooLarge,
    BrokenAnswer,
    EnrollmentError,
    InvalidOption,
    KeyRefused,
    NeverReached,
    NotFound,
    RateLimited,
    Redirected,
    RequestRefused,
    TemporaryFailure,
    UnexpectedAnswer,
    Unreachable,
    Untrusted,
    WrongAddress,
    WrongEnvironment,
    located,
)
from powerschool_enrollment_api.json_body import Repairs
from powerschool_enrollment_api.record_pages import RecordPages
from powerschool_enrollment_api.settings import ConnectionSettings, Timeouts

__all__ = [
    "DEFAULT_BASE_URL",
    "AlwaysTooLarge",
    "AnswerTooLarge",
    "BrokenAnswer",
    "Client",
    "ConnectionSettings",
    "EnrollmentError",
    "InvalidOption",
    "KeyRefused",
    "NeverReached",
    "NotFound",
    "Page",
    "RateLimited",
    "RecordPages",
    "Redirected",
    "Repairs",
    "RequestRefused",
    "TemporaryFailure",
    "Timeouts",
    "UnexpectedAnswer",
    "Unreachable",
    "Untrusted",
    "WrongAddress",
    "WrongEnvironment",
    "health_url",
    "is_loopback",
    "located",
    "normalise_base_url",
    "open_list",
    "open_one",
    "open_page",
    "path_of",
    "verify_connection",
]
