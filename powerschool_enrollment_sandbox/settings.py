"""Settings of the service that do not depend on the district: API key, wire format, limits."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

WireName = Literal["observed", "documented"]


@dataclass
class Settings:
    """The settings of the running service. A change applies from the next request."""

    api_key: str = "sandbox-key"
    wire: WireName = "observed"
    latency_ms: float = 0
    """How long each API request waits before it is answered. Requests wait concurrently."""
    default_page_size: int = 50
    page_size_cap: int = 1000
    refusal_status: int = 500
    """The status that answers a wrong API key. The real service answers 500."""
    document_url_shape: Literal["json", "text", "wire"] = "wire"
    """`wire`: a JSON string in the observed format, plain text in the documented one."""
    document_lifetime_seconds: float = 120
    document_host: str = ""
    """The scheme and host in document addresses; empty for this server."""
    batch_limit: int = 25
    reset_batches_stay: bool = True
    refuse_started: bool = True
    """Whether the service rejects an import for a record that the family has started."""
    software_version: str = "26.2.0.0"

    @property
    def document_lifetime(self) -> timedelta:
        """How long a document address is valid."""
        return timedelta(seconds=self.document_lifetime_seconds)
