"""The formats of the service's answers: the one observed in production, the documented one, and mixtures of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from powerschool_enrollment_sandbox.district.record_list import EncodedPage
from powerschool_enrollment_sandbox.http.responses import Answer, json_answer, text_answer
from powerschool_enrollment_sandbox.settings import Settings


@dataclass(frozen=True)
class Wire:
    """The answers whose format differs.

    | | observed | documented |
    |---|---|---|
    | a page | `{"metaData": {...}, "records": [...]}` | `[{"metadata": {...}, "records": [...]}]` |
    | details | `{...}` | `[{...}]` |
    | a document's address | `"https://..."`, with quotation marks | `https://...` |
    """

    pages_in_list: bool
    metadata_key: str
    details_in_list: bool
    url_as_text: bool

    @classmethod
    def of(cls, settings: Settings) -> "Wire":
        """Return the format that the settings choose."""
        documented = settings.wire == "documented"
        by_wire = "metadata" if documented else "metaData"
        return cls(
            pages_in_list=_chosen(settings.page_shape, "list", by_wire=documented),
            metadata_key=by_wire if settings.metadata_key == "wire" else settings.metadata_key,
            details_in_list=_chosen(settings.detail_shape, "list", by_wire=documented),
            url_as_text=_chosen(settings.document_url_shape, "text", by_wire=documented),
        )

    def page(self, page: EncodedPage) -> Answer:
        """Return a page of records with its metadata."""
        form = b'[{"%s":%s,"records":%s}]' if self.pages_in_list else b'{"%s":%s,"records":%s}'
        return Answer(body=form % (self.metadata_key.encode(), _metadata(page), page.records))

    def details(self, details: Mapping[str, Any]) -> Answer:
        """Return the details of one object."""
        return json_answer([details] if self.details_in_list else details)

    def document_url(self, url: str) -> Answer:
        """Return the address of a document."""
        return text_answer(url) if self.url_as_text else json_answer(url)


def _chosen(setting: str, choice: str, *, by_wire: bool) -> bool:
    return by_wire if setting == "wire" else setting == choice


def _metadata(page: EncodedPage) -> bytes:
    return orjson.dumps(
        {
            "page": page.page,
            "pageSize": page.page_size,
            "pageCount": page.page_count,
            "recordCount": page.record_count,
        }
    )
