"""What all streams of one sync share: the client (so one connection pool and one pace) and the tally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import Client, ConnectionSettings, EnrollmentError
from source_powerschool_enrollment.warning_counter import WarningCounter


@dataclass(frozen=True)
class SyncContext:
    """The shared things of one sync."""

    client: Client
    tally: WarningCounter = field(default_factory=WarningCounter)


def sync_for(config: Mapping[str, Any]) -> SyncContext:
    """Return what streams with this configuration share.

    The factory builds each component by itself and hands it nothing but the configuration: the connection's
    settings are therefore the key under which components find each other.
    """
    try:
        return _sync_for(ConnectionSettings.from_config(config))
    except EnrollmentError as error:
        raise as_traced_exception(error) from None


@lru_cache(maxsize=4)
def _sync_for(settings: ConnectionSettings) -> SyncContext:
    return SyncContext(Client(settings))
