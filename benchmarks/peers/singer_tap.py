"""A small tap with the Meltano Singer SDK, written as its documentation teaches."""

import os
from collections.abc import Iterable
from typing import Any

import requests
from requests.auth import HTTPBasicAuth
from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BasePageNumberPaginator
from singer_sdk.streams import RESTStream


class EnrollmentStream(RESTStream):
    url_base = os.environ["BASE_URL"]
    primary_keys = ("id",)

    @property
    def authenticator(self) -> HTTPBasicAuth:
        return HTTPBasicAuth(os.environ["API_KEY"], "")


class PublishedActions(EnrollmentStream):
    name = "published_actions"
    path = "/publishedactions"
    schema = th.PropertiesList(th.Property("id", th.IntegerType)).to_dict()

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"published_action_id": record["id"]}


class Pages(BasePageNumberPaginator):
    def has_more(self, response: requests.Response) -> bool:
        return self.current_value < response.json()["metaData"]["pageCount"]


class RosterRecords(EnrollmentStream):
    name = "roster_records"
    path = "/publishedactions/{published_action_id}/rosterrecords"
    parent_stream_type = PublishedActions
    records_jsonpath = "$.records[*]"
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType),
        th.Property("published_action_id", th.IntegerType),
        *(
            th.Property(name, th.StringType)
            for name in (
                "status", "firstName", "lastName", "externalStudentID", "externalFamilyID", "household",
                "school", "grade", "enrollStatus", "dateOfBirth",
            )
        ),
        *(th.Property(name, th.DateTimeType) for name in ("imported", "started", "submitted")),
        th.Property("tags", th.ArrayType(th.StringType)),
        th.Property("dataItems", th.ObjectType(additional_properties=True)),
    ).to_dict()  # fmt: skip

    def get_new_paginator(self) -> Pages:
        return Pages(start_value=1)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:  # noqa: ARG002
        return {"page": next_page_token, "pagesize": os.environ["PAGE_SIZE"]}


class TapEnrollment(Tap):
    name = "tap-enrollment"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self) -> Iterable[Stream]:
        return [PublishedActions(self), RosterRecords(self)]


TapEnrollment.cli()
