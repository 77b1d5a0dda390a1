"""Opens answers of the documented shape and of the observed one.

| | documented | observed |
|---|---|---|
| page of records | `[{"metadata": {…}, "records": […]}]` | `{"metaData": {…}, "records": […]}` |
| one object | `[{…}]` | `{…}` |
| list of objects | `[{…}, …]` | the same |

If only some entries of a list are objects, each other entry becomes an object without fields. The caller leaves it out
and counts it, like any record without an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powerschool_enrollment_api.errors import UnexpectedAnswer

JsonObject = dict[str, Any]

# A form has at most about 100,000 records. The ids of a form's records are kept until all its pages are read: a million
# ids take 100 MB, and 100,000 pages take 60 MB. A wrong page count must not fill the memory.
MOST_RECORDS = 1_000_000
_MOST_PAGES = 100_000
_LARGEST_ID = 1 << 63
_FIRST_ROUNDED = 1 << 53  # from here on, a double may be another integer than the one that was sent
_MOST_DIGITS = 20  # of a number sent as text; more do not fit 64 bits


@dataclass(frozen=True)
class Page:
    """One page of a record list as the service returned it.

    `size` and `page_count` are those of the answer: a server may reduce the requested page size.
    """

    number: int
    size: int
    page_count: int
    record_count: int
    records: list[JsonObject]


def open_page(payload: Any) -> Page:
    """Return the page in `payload`; an empty list is a form without records.

    Raises UnexpectedAnswer for any other shape, and for a page without records although its metadata counts records.
    Only the last of several pages may then be empty: records can be removed after the service counted them and before
    it lists them.
    """
    if payload == []:
        return Page(number=1, size=0, page_count=0, record_count=0, records=[])
    envelope = _only(payload)
    metadata = value_of(envelope, "metadata")
    records = value_of(envelope, "records")
    if isinstance(metadata, dict) and records is None and _count(metadata, "recordCount") == 0:
        records = []
    objects = _objects(records)
    if not isinstance(metadata, dict) or objects is None:
        raise UnexpectedAnswer("the page of records has neither the documented nor the observed shape.")
    page = Page(
        number=_count(metadata, "page"),
        size=_count(metadata, "pageSize"),
        page_count=_count(metadata, "pageCount"),
        record_count=_count(metadata, "recordCount"),
        records=objects,
    )
    if page.page_count > _MOST_PAGES:
        raise UnexpectedAnswer(f"the page claims {page.page_count} pages; at most {_MOST_PAGES} are read.")
    if page.page_count * len(page.records) > MOST_RECORDS:
        claim = f"{page.page_count} pages of {len(page.records)} records"
        raise UnexpectedAnswer(f"the page claims {claim}; at most {MOST_RECORDS} records of a form are read.")
    if page.record_count > 0 and not page.records and (page.number <= 1 or page.number < page.page_count):
        raise UnexpectedAnswer(f"the page claims {page.record_count} records and shows none.")
    return page


def open_list(payload: Any) -> list[JsonObject]:
    """Return the list of objects in `payload`. Raises UnexpectedAnswer if it is something else."""
    objects = _objects(payload)
    if objects is None:
        raise UnexpectedAnswer("the answer is not a list of objects.")
    return objects


def open_one(payload: Any) -> JsonObject | None:
    """Return the object in `payload`, bare or alone in a list; None for an empty list.

    Raises UnexpectedAnswer for anything else.
    """
    return None if payload == [] else _only(payload)


def _only(payload: Any) -> JsonObject:
    if isinstance(payload, list) and len(payload) == 1:
        payload = payload[0]
    if isinstance(payload, dict):
        return payload
    raise UnexpectedAnswer("the answer is neither one object nor a list of one.")


def _objects(value: Any) -> list[JsonObject] | None:
    """Return the list, with an empty object for each other entry; None if it is not a list with objects."""
    if not isinstance(value, list):
        return None
    others = sum(not isinstance(item, dict) for item in value)
    if others and others == len(value):
        return None
    return [item if isinstance(item, dict) else {} for item in value] if others else list(value)


def integer_id(value: Any) -> int | None:
    """Return an id of at most 64 bits as an integer, as `whole_number` does; None if it is not usable."""
    number = whole_number(value)
    return number if number is not None and -_LARGEST_ID <= number < _LARGEST_ID else None


def whole_number(value: Any) -> int | None:
    """Return a number that may be written `35`, `"35"` or `35.0` as an integer; None for anything else."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, str):
        return int(value) if len(value) <= _MOST_DIGITS and value.isascii() and value.isdigit() else None
    is_exact = isinstance(value, float) and value.is_integer() and abs(value) < _FIRST_ROUNDED
    return int(value) if is_exact else None


def text_id(value: Any) -> str | None:
    """Return an id as text, also if it was sent as an integer; None if it is not usable."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def value_of(envelope: JsonObject, name: str) -> Any:
    """Return the value of a key, ignoring case: `metaData` or `metadata`."""
    return next((value for key, value in envelope.items() if key.lower() == name.lower()), None)


def _count(metadata: Mapping[str, Any], name: str) -> int:
    number = whole_number(value_of(dict(metadata), name))
    if number is not None and number >= 0:
        return number
    raise UnexpectedAnswer(f"the page's metadata has no valid {name}.")
