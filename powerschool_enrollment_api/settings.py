"""How to reach the service: the options that both connectors share, checked once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_api.address import DEFAULT_BASE_URL, normalise_base_url
from powerschool_enrollment_api.errors import InvalidOption


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for a connection, for an answer, and in all for one request with its retries.

    The environment variables POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS and
    POWERSCHOOL_ENROLLMENT_RETRY_SECONDS change the latter two for a whole process.
    """

    connect: float = 10
    read: float = 120
    retries: float = 600

    @classmethod
    def from_environment(cls) -> Patience:
        """Return the defaults, with what the environment says instead."""
        return cls(
            read=_seconds("POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS", cls.read),
            retries=_seconds("POWERSCHOOL_ENROLLMENT_RETRY_SECONDS", cls.retries),
        )

    @classmethod
    def for_a_check(cls) -> Patience:
        """Return what a person in front of a form endures: one try a request."""
        return cls(read=min(30, cls.from_environment().read), retries=0)


@dataclass(frozen=True)
class ConnectionSettings:
    """Address, key and pace. Hashable, so that streams with equal settings can share one client."""

    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    num_workers: int = 8
    requests_per_minute: int | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ConnectionSettings:
        """Read the shared options from a connector's configuration.

        Raises InvalidOption or WrongAddress, naming the option. Options that are present but null count as absent.
        """
        api_key = str(config.get("api_key") or "").strip()
        if not api_key:
            raise InvalidOption("The option api_key is empty: enter the key that PowerSchool provided.")
        return cls(
            api_key=api_key,
            base_url=normalise_base_url(config.get("base_url") or DEFAULT_BASE_URL),
            num_workers=config.get("num_workers") or cls.num_workers,
            requests_per_minute=config.get("requests_per_minute"),
        )


def _seconds(variable: str, default: float) -> float:
    text = os.environ.get(variable)
    if not text:
        return default
    try:
        return float(text)
    except ValueError as error:
        raise InvalidOption(f"The environment variable {variable} is not a number of seconds.") from error
