"""The two formats of the service's answers: the one observed in production, and the documented one."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from powerschool_enrollment_sandbox.district.record_list import EncodedPage
from powerschool_enrollment_sandbox.http.responses import Answer, json_answer, text_answer
from powerschool_enrollment_sandbox.settings import WireName


class Wire(Protocol):
    """The answers whose format differs."""

    def page(self, page: EncodedPage) -> Answer:
        """Return a page of records with its metadata."""
        ...

    def details(self, details: Mapping[str, Any]) -> Answer:
        """Return the details of one object."""
        ...

    def document_url(self, url: str) -> Answer:
        """Return the address of a document."""
        ...


class Observed:
    """A page is an object with `metaData`, details are an object, an address is a JSON string."""

    def page(self, page: EncodedPage) -> Answer:
        """Return `{"metaData": {...}, "records": [...]}`."""
        return Answer(body=b'{"metaData":%s,"records":%s}' % (_metadata(page), page.records))

    def details(self, details: Mapping[str, Any]) -> Answer:
        """Return `{...}`."""
        return json_answer(details)

    def document_url(self, url: str) -> Answer:
        """Return `"https://..."`, with quotation marks."""
        return json_answer(url)


class Documented:
    """A page is a list of one object with `metadata`, details are a list of one, an address is plain text."""

    def page(self, page: EncodedPage) -> Answer:
        """Return `[{"metadata": {...}, "records": [...]}]`."""
        return Answer(body=b'[{"metadata":%s,"records":%s}]' % (_metadata(page), page.records))

    def details(self, details: Mapping[str, Any]) -> Answer:
        """Return `[{...}]`."""
        return json_answer([details])

    def document_url(self, url: str) -> Answer:
        """Return `https://...`, without quotation marks."""
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
