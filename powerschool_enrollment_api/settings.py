"""The options for the connection, which both connectors share: address, key, concurrency, rate limit, time-outs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_api.address import DEFAULT_BASE_URL, normalise_base_url
from powerschool_enrollment_api.errors import InvalidOption

_A_DAY = 86_400


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds: for a connection, for more bytes, and in all for one request with its retries.

    `answer` is the deadline for one answer, from the connection to the last byte. At 10 Mbit/s, an answer of the
    largest accepted size is complete in that time. `document` is the deadline for a document from its storage: the
    platform transfers up to 1.5 GB, which takes about an hour at 4 Mbit/s.

    `first_contact` limits the retries of all requests together until the first connection. It is long enough for a
    container that starts before its network, and short because the address is probably wrong.

    The environment variables POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS and
    POWERSCHOOL_ENROLLMENT_RETRY_SECONDS change `read` and `retries` for the whole process. `answer` is at least `read`.
    """

    connect: float = 10
    read: float = 120
    retries: float = 600
    first_contact: float = 60
    answer: float = 300
    document: float = 3600

    @classmethod
    def from_environment(cls) -> Timeouts:
        """Return the defaults, overridden by the environment."""
        read = _seconds("POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS", cls.read, least=0.01)
        return cls(
            read=read,
            answer=max(cls.answer, read),
            retries=_seconds("POWERSCHOOL_ENROLLMENT_RETRY_SECONDS", cls.retries, least=0),
        )

    @classmethod
    def for_a_check(cls) -> Timeouts:
        """Return the timeouts for `check`, which a person waits for: one attempt for each request."""
        return cls(read=min(30, cls.from_environment().read), retries=0, answer=60)


@dataclass(frozen=True)
class ConnectionSettings:
    """Address, key, concurrency and rate limit. Hashable, so that equal settings can share one client."""

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
        if not api_key.isprintable():
            raise InvalidOption("The option api_key contains characters that a key cannot have: copy the key again.")
        return cls(
            api_key=api_key,
            base_url=normalise_base_url(str(config.get("base_url") or "").strip() or DEFAULT_BASE_URL),
            num_workers=_whole_number(config, "num_workers") or cls.num_workers,
            requests_per_minute=_whole_number(config, "requests_per_minute"),
        )


def _whole_number(config: Mapping[str, Any], option: str) -> int | None:
    """Return a number of 1 or more; JSON's integers may be written `8.0`."""
    value = config.get(option)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 1 or value % 1 != 0:
        raise InvalidOption(f"The option {option} is not a whole number of 1 or more.")
    return int(value)


def _seconds(variable: str, default: float, *, least: float) -> float:
    text = os.environ.get(variable, "").strip()
    try:
        seconds = float(text or default)
    except ValueError:
        seconds = math.nan
    if least <= seconds <= _A_DAY:
        return seconds
    raise InvalidOption(f"The environment variable {variable} is not a number of seconds from {least} to {_A_DAY}.")
