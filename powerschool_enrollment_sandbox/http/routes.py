"""Which path of the documentation leads to which endpoint."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from powerschool_enrollment_sandbox.district.documents import CONTAINER
from powerschool_enrollment_sandbox.http.endpoints import checklists, deliveries, documents, health, records
from powerschool_enrollment_sandbox.http.endpoints import published_actions as forms
from powerschool_enrollment_sandbox.http.responses import Answer
from powerschool_enrollment_sandbox.http.service import Call, Service

API_PATH = "/api/v1"

Endpoint = Callable[[Service, Call], Answer]


@dataclass(frozen=True)
class Route:
    """A method and a path, with `{parameters}`, and the endpoint that answers there."""

    method: str
    path: str
    endpoint: Endpoint

    def pattern(self) -> "re.Pattern[str]":
        """What whole paths match; the service's web framework ignores case and a trailing slash."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path) + "/?", re.IGNORECASE)


API = (
    Route("GET", "/publishedactions/{id}/rosterrecords", records.list_roster_records),
    Route("GET", "/publishedactions/{id}/submissionrecords", records.list_submission_records),
    Route("GET", "/rosterrecords/{id}", records.get_roster_record),
    Route("GET", "/submissionrecords/{id}", records.get_submission_record),
    Route("GET", "/publishedactions", forms.list_published_actions),
    Route("GET", "/publishedactions/{id}/importschemas", forms.list_import_schemas),
    Route("POST", "/publishedactions/{id}/importschemas/{schemaid}", forms.import_roster_record),
    Route("POST", "/submission", records.create_submission),
    Route("GET", "/deliverytargets", deliveries.list_delivery_targets),
    Route("POST", "/deliverytargets/{id}/createbatch", deliveries.create_batch),
    Route("GET", "/deliverytargets/{id}/getbatches", deliveries.get_batches),
    Route("GET", "/deliverytargets/{id}/getbatches/{date}", deliveries.get_batches),
    Route("GET", "/deliverytargets/{id}/getbatches/{date}/{getAutoOpen}", deliveries.get_batches),
    Route("POST", "/deliverytargets/{id}/resetbatch/{batchid}", deliveries.reset_batch),
    Route("GET", "/checklists", checklists.list_checklists),
    Route("GET", "/checklists/{id}", checklists.get_checklist),
    Route("GET", "/checklists/{id}/checklistentries", checklists.list_checklist_entries),
    Route("GET", "/documents/document/url", documents.get_document_url_with_name),
    Route("GET", "/documents/{objectId}", documents.get_document_url),
    Route("GET", "/connection/test", health.healthz),
)
# No key is asked for here.
OPEN = (
    Route("GET", "/healthz", health.healthz),
    Route("GET", "/api/healthz", health.healthz),
    Route("GET", f"/{CONTAINER}/{{objectId}}", documents.download),
)


class Table:
    """Finds the route of a path."""

    def __init__(self, *routes: Route) -> None:
        self._routes = [(route.pattern(), route) for route in routes]

    def find(self, method: str, path: str) -> "tuple[Route | None, dict[str, str], bool]":
        """The route and its parameters; the last is whether the path has a route of any method."""
        known = False
        for pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match and route.method == method:
                return route, match.groupdict(), True
            known = known or match is not None
        return None, {}, known
