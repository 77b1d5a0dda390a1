"""Delivery batches: listing, creating and resetting them.

A batch is `{"id": "11fdbe9d-…", "date": "2012-10-08T02:10:53Z", "records": [{"id", "submitted", "data"}]}`.
Creating a batch marks its records as delivered on the server; resetting the batch makes them available again. A list
of batches does not contain their records. Keys are read case-insensitively, as in the envelopes of records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.envelope import JsonObject, open_list, open_one, text_id, value_of
from powerschool_enrollment_api.errors import TemporaryFailure, UnexpectedAnswer, located


@dataclass(frozen=True)
class Batch:
    """A batch from an answer; `date` is the text that the service sent, None if there is no such text.

    `records` is None if the answer does not contain a list of records. The batch may still have records.
    """

    id: str
    date: str | None
    records: list[JsonObject] | None


def list_batches(client: Client, delivery_target_id: int, first_date: date) -> tuple[list[Batch], int]:
    """Return the batches delivered since `first_date`, without their records, and the number of entries without an id.

    Reset batches may be included.

    The service may interpret the date in another time zone. So the list may include batches of the day before, or
    lack batches of the first hours.
    """
    path = f"/deliverytargets/{delivery_target_id}/getbatches/{first_date.isoformat()}"
    with located(f"GET {path}"):
        entries = open_list(client.get(path))
    batches = [Batch(batch_id, _date_of(batch), None) for batch in entries if (batch_id := _id_of(batch))]
    return batches, len(entries) - len(batches)


def create_batch(client: Client, delivery_target_id: int) -> Batch:
    """Mark the next available records as delivered, and return their batch. It has no records if none are left.

    The request is sent again only if the service did not process it. A TemporaryFailure with `arrived` means that the
    server may have created a batch that no client has received.
    """
    path = f"/deliverytargets/{delivery_target_id}/createbatch"
    with located(f"POST {path}"):
        answer = client.post(path, repeatable=False)
        if answer is None:
            raise TemporaryFailure("the service answered with an empty body where JSON is expected.")
        batch = open_one(answer) or {}
        batch_id = _id_of(batch)
        if batch_id is None:
            raise UnexpectedAnswer("the answer is not a batch with an id.")
        return Batch(batch_id, _date_of(batch), _records_of(batch))


def reset_batch(client: Client, delivery_target_id: int, batch_id: str) -> None:
    """Make the batch's records available again. Raises NotFound if the service does not have the batch.

    The request is idempotent, so it is sent again after an unknown outcome. Any 2xx status counts as a success, not
    only the documented 204.
    """
    path = f"/deliverytargets/{delivery_target_id}/resetbatch/{quote(batch_id, safe='')}"
    client.post(path, repeatable=True, may_be_empty=True)


def _id_of(batch: JsonObject) -> str | None:
    return text_id(value_of(batch, "id"))


def _date_of(batch: JsonObject) -> str | None:
    moment = value_of(batch, "date")
    return moment if isinstance(moment, str) else None


def _records_of(batch: JsonObject) -> list[JsonObject] | None:
    """Return the list of records; None if it is missing or null. Raises UnexpectedAnswer if another key may hold it."""
    records = value_of(batch, "records")
    if records is not None:
        return open_list(records)
    if any(isinstance(value, (list, dict)) and value for value in batch.values()):
        raise UnexpectedAnswer("the batch has no records, but another list or object.")
    return None
