"""A refused connection, as `requests` reports it, and the base URL of the tests that use it."""

from __future__ import annotations

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

URL = "https://enrollment.example/api/v1"
NO_CONNECTION = NewConnectionError(None, "refused")
NO_CONNECTION.__cause__ = ConnectionRefusedError()
REFUSED_CONNECTION = {"exc": requests.ConnectionError(MaxRetryError(None, "/", NO_CONNECTION))}
