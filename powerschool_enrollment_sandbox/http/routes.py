"""The table of endpoints: the paths of the vendor's documentation, and the function that answers each."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from powerschool_enrollment_sandbox.district.documents import CONTAINER
from powerschool_enrollment_sandbox.http.endpoints import checklists, deliveries, documents, health, records
from powerschool_enrollment_sandbox.http.endpoints import published_actions as forms
from powerschool_enrollment_sandbox.http.responses import Answer
from powerschool_enrollment_sandbox.http.service import Call, Service

API_PATH = "/api/v1"

Handler = Callable[[Service, Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """A method and a path, with `{parameters}`, and the function that answers there."""

    method: str
    path: str
    handler: Handler

    def pattern(self) -> "re.Pattern[str]":
        """What whole paths match; the service's web framework ignores case and a trailing slash."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path) + "/?", re.IGNORECASE)


API = (
    Endpoint("GET", "/publishedactions/{id}/rosterrecords", records.list_roster_records),
    Endpoint("GET", "/publishedactions/{id}/submissionrecords", records.list_submission_records),
    Endpoint("GET", "/rosterrecords/{id}", records.get_roster_record),
    Endpoint("GET", "/submissionrecords/{id}", records.get_submission_record),
    Endpoint("GET", "/publishedactions", forms.list_published_actions),
    Endpoint("GET", "/publishedactions/{id}/importschemas", forms.list_import_schemas),
    Endpoint("POST", "/publishedactions/{id}/importschemas/{schemaid}", forms.import_roster_record),
    Endpoint("POST", "/submission", records.create_submission),
    Endpoint("GET", "/deliverytargets", deliveries.list_delivery_targets),
    Endpoint("POST", "/deliverytargets/{id}/createbatch", deliveries.create_batch),
    Endpoint("GET", "/deliverytargets/{id}/getbatches", deliveries.get_batches),
    Endpoint("GET", "/deliverytargets/{id}/getbatches/{date}", deliveries.get_batches),
    Endpoint("GET", "/deliverytargets/{id}/getbatches/{date}/{getAutoOpen}", deliveries.get_batches),
    Endpoint("POST", "/deliverytargets/{id}/resetbatch/{batchid}", deliveries.reset_batch),
    Endpoint("GET", "/checklists", checklists.list_checklists),
    Endpoint("GET", "/checklists/{id}", checklists.get_checklist),
    Endpoint("GET", "/checklists/{id}/checklistentries", checklists.list_checklist_entries),
    Endpoint("GET", "/documents/document/url", documents.get_document_url_with_name),
    Endpoint("GET", "/documents/{objectId}", documents.get_document_url),
    Endpoint("GET", "/connection/test", health.healthz),
)
# No key is asked for here.
OPEN = (
    Endpoint("GET", "/healthz", health.healthz),
    Endpoint("GET", "/api/healthz", health.healthz),
    Endpoint("GET", f"/{CONTAINER}/{{objectId}}", documents.download),
)


class Table:
    """Finds the endpoint of a path."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self._endpoints = [(endpoint.pattern(), endpoint) for endpoint in endpoints]

    def find(self, method: str, path: str) -> "tuple[Endpoint | None, dict[str, str], bool]":
        """The endpoint and its parameters; the last is whether the path has an endpoint of any method."""
        known = False
        for pattern, endpoint in self._endpoints:
            match = pattern.fullmatch(path)
            if match and endpoint.method == method:
                return endpoint, match.groupdict(), True
            known = known or match is not None
        return None, {}, known
