"""Settings of the service, independent of the district: its key, its wire shape, its limits."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

WireName = Literal["observed", "documented"]


@dataclass
class Settings:
    """Behaviour of the running service; each setting is read at each request."""

    api_key: str = "sandbox-key"
    wire: WireName = "observed"
    latency_ms: float = 0
    """Before each answer of the API, spent waiting: hundreds of requests wait at once."""
    default_page_size: int = 50
    page_size_cap: int = 1000
    refusal_status: int = 500
    """Answered to a wrong key; the service's own choice is 500."""
    document_url_shape: Literal["json", "text", "wire"] = "wire"
    """`wire`: a JSON string in the observed shape, bare text in the documented one."""
    document_lifetime_seconds: float = 120
    document_host: str = ""
    """Where document addresses point; empty: this very server."""
    batch_limit: int = 25
    reset_batches_stay: bool = True
    refuse_started: bool = True
    """Whether an import for a record that its family has started is refused."""
    software_version: str = "26.2.0.0"

    @property
    def document_lifetime(self) -> timedelta:
        """How long a document's address works."""
        return timedelta(seconds=self.document_lifetime_seconds)
