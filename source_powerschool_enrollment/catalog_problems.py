"""Reports configured streams that cannot be read as configured, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airbyte_cdk.models import AirbyteCatalog, ConfiguredAirbyteCatalog, SyncMode

from powerschool_enrollment_airbyte.suggestions import did_you_mean
from source_powerschool_enrollment.deliveries.stream import NAME as DELIVERED_RECORDS
from source_powerschool_enrollment.documents.stream import NAME as DOCUMENTS

_THERE_ONLY_WHERE: Mapping[str, str] = {
    DELIVERED_RECORDS: "the option deliveries has the mode consume",
    DOCUMENTS: "the option documents names a field",
}


def catalog_problems(configured: ConfiguredAirbyteCatalog, offered: AirbyteCatalog) -> Iterator[str]:
    """Yield a sentence for each stream that is not offered, or not as a full refresh.

    Incremental is never refused: a stream that does not offer it is read whole. PyAirbyte asks it of every stream.
    """
    modes = {stream.name: stream.supported_sync_modes for stream in offered.streams}
    for entry in configured.streams:
        name = entry.stream.name
        if name not in modes and name in _THERE_ONLY_WHERE:
            reason = _THERE_ONLY_WHERE[name]
            yield f"The stream {name} is there only where {reason}: set that option, or refresh the source's schema."
        elif name not in modes:
            yield f"Unknown stream {name}; {did_you_mean(name, modes)} Refresh the source's schema."
        elif entry.sync_mode not in {*modes[name], SyncMode.incremental}:
            yield f"The stream {name} has no full refresh: select the sync mode incremental for it."
