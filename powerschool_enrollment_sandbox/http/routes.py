"""The table of endpoints: the paths of the vendor's documentation, and the function that answers each."""

import re
from dataclasses import dataclass

from powerschool_enrollment_sandbox.district.documents import CONTAINER
from powerschool_enrollment_sandbox.http.endpoints import deliveries, documents, writing
from powerschool_enrollment_sandbox.http.endpoints.read_only import (
    child_list,
    details,
    find_checklist,
    find_published_action,
    find_roster_record,
    find_submission_record,
    healthz,
    plain_list,
)
from powerschool_enrollment_sandbox.http.endpoints.records import record_page
from powerschool_enrollment_sandbox.http.responses import Refusal
from powerschool_enrollment_sandbox.http.service import Handler

API_PATH = "/api/v1"


@dataclass(frozen=True)
class Endpoint:
    """A path with `{parameters}`, the function that answers it, and the HTTP method."""

    path: str
    handler: Handler
    method: str = "GET"

    def pattern(self) -> "re.Pattern[str]":
        """Return a pattern for whole paths. Like the real service, it ignores case and a trailing slash."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path) + "/?", re.IGNORECASE)


# The paths are compared in this order, so the most frequent requests come first.
API = (
    Endpoint("/publishedactions/{id}/rosterrecords", record_page(lambda form: form.roster)),
    Endpoint("/publishedactions/{id}/submissionrecords", record_page(lambda form: form.submissions)),
    Endpoint("/rosterrecords/{id}", details(find_roster_record, lambda record: record)),
    Endpoint("/submissionrecords/{id}", details(find_submission_record, lambda record: record)),
    Endpoint("/publishedactions", plain_list(lambda district: district.forms)),
    Endpoint("/publishedactions/{id}/importschemas", child_list(find_published_action, lambda form: form.schemas())),
    Endpoint("/publishedactions/{id}/importschemas/{schemaid}", writing.import_roster_record, "POST"),
    Endpoint("/submission", writing.create_submission, "POST"),
    Endpoint("/deliverytargets", plain_list(lambda district: district.delivery_targets)),
    Endpoint("/deliverytargets/{id}/createbatch", deliveries.create_batch, "POST"),
    Endpoint("/deliverytargets/{id}/getbatches", deliveries.get_batches),
    Endpoint("/deliverytargets/{id}/getbatches/{date}", deliveries.get_batches),
    Endpoint("/deliverytargets/{id}/getbatches/{date}/{getAutoOpen}", deliveries.get_batches),
    Endpoint("/deliverytargets/{id}/resetbatch/{batchid}", deliveries.reset_batch, "POST"),
    Endpoint("/checklists", plain_list(lambda district: district.checklists)),
    Endpoint("/checklists/{id}", details(find_checklist, lambda checklist: checklist.details())),
    Endpoint("/checklists/{id}/checklistentries", child_list(find_checklist, lambda checklist: checklist.entries())),
    Endpoint("/documents/document/url", documents.get_document_url_with_name),
    Endpoint("/documents/{objectId}", documents.get_document_url),
    Endpoint("/connection/test", healthz),
)
# These need no API key.
OPEN = (
    Endpoint("/healthz", healthz),
    Endpoint("/api/healthz", healthz),
    Endpoint(f"/{CONTAINER}/{{objectId}}", documents.download),
)


class Table:
    """Finds the endpoint of a request."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self._endpoints = [(endpoint.pattern(), endpoint) for endpoint in endpoints]

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """Return the endpoint and the path's parameters. Raises Refusal: 404 for the path, or 405 for the method."""
        allowed = []
        for pattern, endpoint in self._endpoints:
            match = pattern.fullmatch(path)
            if match and endpoint.method == method:
                return endpoint, match.groupdict()
            if match:
                allowed.append(endpoint.method)
        if allowed:
            message = f"The requested resource does not support http method '{method}'."
            raise Refusal(405, message, {"Allow": ", ".join(allowed)})
        raise Refusal(404, "No HTTP resource was found that matches the request URI.")
