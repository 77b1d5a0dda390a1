"""The two shapes in which the service's answers are known: as production code observed, and as documented."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from powerschool_enrollment_sandbox.district.record_list import EncodedPage
from powerschool_enrollment_sandbox.http.responses import Answer, json_answer, text_answer
from powerschool_enrollment_sandbox.settings import WireName


class Wire(Protocol):
    """How answers look where the shapes differ."""

    def page(self, page: EncodedPage) -> Answer:
        """A page of records in its envelope."""
        ...

    def details(self, details: Mapping[str, Any]) -> Answer:
        """One record, or one checklist."""
        ...

    def document_url(self, url: str) -> Answer:
        """A document's address."""
        ...


class Observed:
    """An object with `metaData`, details as bare object, addresses as JSON string."""

    def page(self, page: EncodedPage) -> Answer:
        """`{"metaData": {...}, "records": [...]}`."""
        return Answer(body=b'{"metaData":%s,"records":%s}' % (_metadata(page), page.records))

    def details(self, details: Mapping[str, Any]) -> Answer:
        """`{...}`."""
        return json_answer(details)

    def document_url(self, url: str) -> Answer:
        """`"https://..."`."""
        return json_answer(url)


class Documented:
    """A list of one object with `metadata`, details as list of one, addresses as bare text."""

    def page(self, page: EncodedPage) -> Answer:
        """`[{"metadata": {...}, "records": [...]}]`."""
        return Answer(body=b'[{"metadata":%s,"records":%s}]' % (_metadata(page), page.records))

    def details(self, details: Mapping[str, Any]) -> Answer:
        """`[{...}]`."""
        return json_answer([details])

    def document_url(self, url: str) -> Answer:
        """`https://...`."""
        return text_answer(url)


WIRES: dict[WireName, Wire] = {"observed": Observed(), "documented": Documented()}


def _metadata(page: EncodedPage) -> bytes:
    return orjson.dumps(
        {
            "page": page.page,
            "pageSize": page.page_size,
            "pageCount": page.page_count,
            "recordCount": page.record_count,
        }
    )
