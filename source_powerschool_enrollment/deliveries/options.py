"""The option `deliveries`, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from powerschool_enrollment_api import Client, open_list
from source_powerschool_enrollment.options import refuse_future, require_known


@dataclass(frozen=True)
class DeliveryOption:
    """Which delivery targets are consumed, and the first date whose batches are theirs."""

    delivery_target_ids: tuple[int, ...]
    start_date: date

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DeliveryOption | None:
        """Read the option; None where deliveries are not consumed. Raises InvalidOption."""
        option = config.get("deliveries") or {"mode": "disabled"}
        if option["mode"] == "disabled":
            return None
        refuse_future("deliveries.start_date", option["start_date"])
        return cls(tuple(option["delivery_target_ids"]), date.fromisoformat(option["start_date"]))

    def verify(self, client: Client) -> None:
        """Ask whether the targets exist. Raises InvalidOption naming each that does not."""
        offered = open_list(client.get("/deliverytargets"))
        require_known(
            "deliveries.delivery_target_ids", self.delivery_target_ids, (target.get("id") for target in offered)
        )
