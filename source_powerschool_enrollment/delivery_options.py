"""The option `deliveries`, read and checked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from powerschool_enrollment_api import Client, InvalidOption, open_list
from source_powerschool_enrollment.options import refuse_future, require_known

_TARGETS = "deliveries.delivery_target_ids"


@dataclass(frozen=True)
class DeliveryOption:
    """Which delivery targets are consumed, and the first date whose batches are theirs."""

    delivery_target_ids: tuple[int, ...]
    start_date: date

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DeliveryOption | None:
        """Read the option; None where deliveries are not consumed. Raises InvalidOption."""
        option = config.get("deliveries") or {"mode": "disabled"}
        if option.get("mode") == "disabled":
            return None
        if option.get("mode") != "consume":
            raise InvalidOption("The option deliveries.mode is neither disabled nor consume.")
        ids = tuple(option.get("delivery_target_ids") or ())
        if not ids:
            raise InvalidOption(f"The option {_TARGETS} is empty: name a target dedicated to this connection.")
        twice = [str(target) for target, times in Counter(ids).items() if times > 1]
        if twice:
            raise InvalidOption(f"The option {_TARGETS} names {', '.join(twice)} more than once.")
        if not option.get("start_date"):
            raise InvalidOption("The option deliveries.start_date is empty: name the first date to deliver from.")
        refuse_future("deliveries.start_date", option["start_date"])
        return cls(ids, date.fromisoformat(option["start_date"]))

    def verify(self, client: Client) -> None:
        """Ask whether the targets exist. Raises InvalidOption naming each that does not."""
        offered = open_list(client.get("/deliverytargets"))
        require_known(_TARGETS, self.delivery_target_ids, (target.get("id") for target in offered))
