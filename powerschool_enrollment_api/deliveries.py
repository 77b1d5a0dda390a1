"""Delivery batches: listing, creating and resetting them.

A batch is `{"id": "11fdbe9d-…", "date": "2012-10-08T02:10:53Z", "records": [{"id", "submitted", "data"}]}`.
Creating one marks its records as delivered on the server; resetting it makes them available again. A list shows
no records. The keys are read in any capitals, as in the envelopes of records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from powerschool_enrollment_api.client import Client
from powerschool_enrollment_api.envelope import JsonObject, open_list, open_one, value_of
from powerschool_enrollment_api.errors import PassingFault, UnexpectedAnswer, located


@dataclass(frozen=True)
class Batch:
    """A batch as the service answered it; `date` is its text, None where the service sent none.

    `records` is None where the answer does not show any list of them. The batch may hold records nevertheless.
    """

    id: str
    date: str | None
    records: list[JsonObject] | None


def list_batches(client: Client, delivery_target_id: int, first_date: date) -> list[Batch]:
    """Return the batches delivered since `first_date`, without their records. Reset ones may be among them.

    A target may read the date in another time zone, so batches of the day before may be shown, and
    those of the first hours be missing.
    """
    path = f"/deliverytargets/{delivery_target_id}/getbatches/{first_date.isoformat()}"
    with located(f"GET {path}"):
        return [Batch(_id_of(batch), _date_of(batch), None) for batch in open_list(client.get(path))]


def create_batch(client: Client, delivery_target_id: int) -> Batch:
    """Mark the next available records as delivered, and return them; an empty list: none are left.

    Sent again only if the service did not process it. A PassingFault that has `arrived` means that there
    may be a batch on the server that no client has received.
    """
    path = f"/deliverytargets/{delivery_target_id}/createbatch"
    with located(f"POST {path}"):
        answer = client.post(path, repeatable=False)
        if answer is None:
            raise PassingFault("the service answered with an empty body where JSON is expected.")
        batch = open_one(answer)
        if batch is None:
            raise UnexpectedAnswer("the answer is not a batch with an id.")
        return Batch(_id_of(batch), _date_of(batch), _records_of(batch))


def reset_batch(client: Client, delivery_target_id: int, batch_id: str) -> None:
    """Make the batch's records available again. Raises NotFound if the service does not have it, maybe not any more.

    Resetting twice does no harm, so it is sent again after an unknown outcome. Any success counts, also one that
    is not the documented 204.
    """
    path = f"/deliverytargets/{delivery_target_id}/resetbatch/{quote(batch_id, safe='')}"
    client.post(path, repeatable=True, may_be_empty=True)


def _id_of(batch: JsonObject) -> str:
    batch_id = value_of(batch, "id")
    if isinstance(batch_id, str) and batch_id:
        return batch_id
    raise UnexpectedAnswer("the answer is not a batch with an id.")


def _date_of(batch: JsonObject) -> str | None:
    moment = value_of(batch, "date")
    return moment if isinstance(moment, str) else None


def _records_of(batch: JsonObject) -> list[JsonObject] | None:
    """Return the list of records; None if it is missing or null, and nothing else may be that list."""
    records = value_of(batch, "records")
    if records is not None:
        return open_list(records)
    if any(isinstance(value, (list, dict)) and value for value in batch.values()):
        raise UnexpectedAnswer("the batch has no records, but another list or object.")
    return None
