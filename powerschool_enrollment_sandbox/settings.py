"""Settings of the service that do not depend on the district: API key, wire format, limits."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from powerschool_enrollment_sandbox.district.record_list import Order

WireName = Literal["observed", "documented"]
AnswerShape = Literal["wire", "object", "list"]
MetadataKey = Literal["wire", "metaData", "metadata"]
BeyondLast = Literal["empty", "last", "not_found"]
BatchRoutes = Literal["segments", "joined", "date_only"]
UrlShape = Literal["wire", "json", "text"]


@dataclass
class Settings:
    """The settings of the running service. A change applies from the next request."""

    api_key: str = "sandbox-key"
    wire: WireName = "observed"
    latency_ms: float = 0
    """How long each request waits before it is answered. Requests wait concurrently."""
    default_page_size: int = 50
    page_size_cap: int = 1000
    refusal_status: int = 500
    """The status that answers a wrong API key. The real service answers 500."""
    page_shape: AnswerShape = "wire"
    """`object`: a bare page of records; `list`: a page alone in a list; `wire`: according to the setting `wire`."""
    metadata_key: MetadataKey = "wire"
    """The key of a page's metadata."""
    detail_shape: AnswerShape = "wire"
    """`object`: bare details; `list`: details alone in a list."""
    record_order: Order = "listed"
    """`listed`: by id, oldest first, except for records that were inserted elsewhere."""
    page_beyond_last: BeyondLast = "empty"
    """What answers a request for a page beyond the last one: an empty page, the last page again, or 404."""
    ids_as_text: bool = False
    batch_routes: BatchRoutes = "segments"
    """`segments`: `getbatches/{date}/true`; `joined`: `getbatches/{date}true`; `date_only`: no flag is accepted."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of every answer of the API and the storage."""
    document_url_shape: UrlShape = "wire"
    """`wire`: a JSON string in the observed format, plain text in the documented one."""
    document_lifetime_seconds: float = 120
    document_host: str = ""
    """The scheme and host in document addresses; empty for this server."""
    batch_limit: int = 25
    """The most records that `createbatch` puts into one batch."""
    reset_batches_stay: bool = True
    """Whether `getbatches` still lists a batch after it was reset."""
    refuse_started: bool = True
    """Whether the service rejects an import for a record that the family has started."""
    software_version: str = "26.2.0.0"

    @property
    def document_lifetime(self) -> timedelta:
        """How long a document address is valid."""
        return timedelta(seconds=self.document_lifetime_seconds)
