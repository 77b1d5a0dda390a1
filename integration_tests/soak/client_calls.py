"""Calls the client library for every endpoint, as both connectors do, and types the records as the source does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import orjson

from powerschool_enrollment_api import Client, EnrollmentError, RecordPages, located, open_list, open_one, path_of
from powerschool_enrollment_api.connection_check import verify_connection
from powerschool_enrollment_api.deliveries import create_batch, list_batches, reset_batch
from powerschool_enrollment_api.documents import request_address
from powerschool_enrollment_api.imports import (
    create_submission,
    import_row,
    read_import_schemas,
    read_published_actions,
)
from powerschool_enrollment_sandbox import District
from source_powerschool_enrollment.record_types import RecordTypes

FIRST_DATE = date(2026, 1, 1)


class ClientCalls:
    """Calls in a random order. `errors` are the texts of the errors that they raised."""

    def __init__(self, client: Client, district: District, chance: random.Random) -> None:
        self.client = client
        self.chance = chance
        self.errors: list[str] = []
        self.forms = [*district.forms]
        self.targets = [*district.delivery_targets]
        self.checklists = [*district.checklists]
        self.records = [*next(iter(district.forms.values())).roster.ids()]

    def make(self, count: int) -> None:
        """Make this number of calls, and keep the text of each EnrollmentError. Other exceptions are raised."""
        calls = [*self._calls()]
        for _ in range(count):
            self._make(self.chance.choice(calls))

    def _make(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except EnrollmentError as error:
            self.errors.append(str(error))

    def _calls(self) -> Iterator[Callable[[], Any]]:
        client, pick = self.client, self.chance.choice
        yield lambda: verify_connection(client)
        yield lambda: self._list("published_actions", "publishedactions")
        yield lambda: self._list("import_schemas", "publishedactions", pick(self.forms), "importschemas")
        yield lambda: self._page("roster_records", "rosterrecords")
        yield lambda: self._page("submission_records", "submissionrecords")
        yield lambda: self._one("roster_record_details", "rosterrecords", pick(self.records))
        yield lambda: self._list("delivery_targets", "deliverytargets")
        yield lambda: self._list("batches", "deliverytargets", pick(self.targets), "getbatches", str(FIRST_DATE))
        yield lambda: self._list("checklists", "checklists")
        yield lambda: self._one("checklist_details", "checklists", pick(self.checklists))
        yield lambda: self._list("checklist_entries", "checklists", pick(self.checklists), "checklistentries")
        yield lambda: list_batches(client, pick(self.targets), FIRST_DATE)
        yield lambda: create_batch(client, pick(self.targets))
        yield lambda: reset_batch(client, pick(self.targets), "11fdbe9d-801a")
        yield lambda: request_address(client, f"id-{self.chance.random()}", pick([None, "birth.pdf"]))
        yield lambda: read_published_actions(client)
        yield lambda: read_import_schemas(client, pick(self.forms))
        yield lambda: import_row(client, pick(self.forms), 1, {"FirstName": "Ann"})
        yield lambda: create_submission(client, pick(self.forms), {"FirstName": "Ann"})

    def _page(self, stream: str, kind: Any) -> None:
        pages = RecordPages(self.client, kind, 7)
        form, number = self.chance.choice(self.forms), self.chance.randint(1, 5)
        _type(stream, pages.read(form, number).records)
        pages.is_listed(form)

    def _list(self, stream: str, *parts: Any) -> None:
        path = path_of(*parts)
        with located(path):
            _type(stream, open_list(self.client.get(path)))

    def _one(self, stream: str, *parts: Any) -> None:
        path = path_of(*parts)
        with located(path):
            record = open_one(self.client.get_response(path).json())
        _type(stream, [record] if record else [])


def _type(stream: str, records: list[dict[str, Any]]) -> None:
    """Convert the records as the source does, and write them as JSON."""
    types = RecordTypes.of_stream(stream)
    for record in types.with_ids(records):
        types.apply(record, lambda _field: None)
        orjson.dumps(record)
