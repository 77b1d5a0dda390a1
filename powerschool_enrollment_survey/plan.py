"""Decides which requests the survey sends, and sorts the replies by stream and purpose.

connection test → forms, delivery targets, checklists → first pages of a few forms → one form in detail → a document
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, cast

import orjson
from airbyte_cdk.sources.declarative.interpolation import InterpolatedString
from airbyte_cdk.utils.yaml_loader import safe_load_yaml

from powerschool_enrollment_api import (
    InvalidOption,
    KeyRefused,
    Page,
    RecordPages,
    UnexpectedAnswer,
    Unreachable,
    WrongAddress,
    WrongEnvironment,
    open_list,
    open_page,
)
from powerschool_enrollment_api.documents import request_address
from powerschool_enrollment_api.envelope import integer_id
from powerschool_enrollment_survey.sending import Reply, Sender, SurveyRequest
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.deliveries.stream import NAME as DELIVERED_RECORDS
from source_powerschool_enrollment.documents.stream import NAME as DOCUMENTS
from source_powerschool_enrollment.record_types import RecordTypes
from source_powerschool_enrollment.source import MANIFEST

PAGE_SIZES = (50, 100, 1000)
DEFAULT_SIZE, SECOND, BEYOND_LAST, DETAILS, UNKNOWN = "default size", "second", "beyond last", "details", "unknown id"

_FIRST_DATE = "2000-01-01"  # no batch is older
_UNKNOWN_ID = 2**31 - 1
_FILE_NAME = "document.pdf"
_WITH_DOCUMENTS = "submission_records"
_BATCHES = "/deliverytargets/{id}/getbatches"
# The documentation writes `getbatches/{date}{getAutoOpen}`. The connector sends `{date}` and `{date}/true`.
_OTHER_ROUTES = (_BATCHES, f"{_BATCHES}/{{date}}/false", f"{_BATCHES}/{{date}}true")
_NO_KEY_OR_SERVICE = (KeyRefused, WrongAddress, WrongEnvironment, Unreachable)


@dataclass
class RecordEvidence:
    """The replies about one of the two record streams. `details` is the name of its detail stream.

    `first_pages` are those of several forms, by form id. `replies` are the others, about the form with the most
    records: by the requested page size, or by one of the names above.
    """

    stream: str
    details: str
    path: Literal["rosterrecords", "submissionrecords"]
    form: int | None = None
    first_pages: dict[int, Reply] = field(default_factory=dict)
    replies: dict[int | str, Reply] = field(default_factory=dict)

    @property
    def by_size(self) -> dict[int | str, Reply]:
        """Return the first pages of one form by the requested size, in the order of PAGE_SIZES."""
        return {size: self.replies[size] for size in (DEFAULT_SIZE, *PAGE_SIZES) if size in self.replies}

    @cached_property
    def pages(self) -> list[Page]:
        """Return the first page of each form; for the form with the most records, the largest first page."""
        of_form = [opened_page(reply) for reply in self.by_size.values()]
        largest = max((page for page in of_form if page), key=lambda page: len(page.records), default=None)
        others = [opened_page(reply) for form, reply in self.first_pages.items() if form != self.form]
        return [page for page in (*others, largest) if page]


@dataclass
class Evidence:
    """All replies. `streams` are the names of all streams, `connection` is the reply of `/connection/test`.

    `by_stream` has the replies of the manifest's streams except the detail streams, `routes` those of the other
    paths of getbatches. `documents` is None without `document_field`.
    """

    streams: list[str]
    connection: Reply = field(default_factory=lambda: Reply("/connection/test", was_sent=False))
    by_stream: dict[str, Reply] = field(default_factory=dict)
    records: list[RecordEvidence] = field(default_factory=list)
    routes: dict[str, Reply] = field(default_factory=dict)
    documents: list[Reply] | None = None
    selects_unknown_forms: bool = False


def opened_page(reply: Reply) -> Page | None:
    """Return the page in a reply, or None if it has none. The records are not copied."""
    try:
        return open_page(reply.payload) if reply.is_answered else None
    except UnexpectedAnswer:
        return None


def opened_list(reply: Reply | None) -> list[dict[str, Any]]:
    """Return the objects in the reply to a request for a list; an empty list if it has none."""
    try:
        return open_list(reply.payload) if reply and reply.is_answered else []
    except UnexpectedAnswer:
        return []


def with_ids(stream: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return copies of the records that have a usable id."""
    copies: list[dict[str, Any]] = orjson.loads(orjson.dumps(records))
    return RecordTypes.of_stream(stream).with_ids(copies)


@lru_cache(maxsize=1)
def manifest() -> dict[str, Any]:
    """Return the parsed manifest, with its references unresolved."""
    content: dict[str, Any] = safe_load_yaml(MANIFEST.read_text(encoding="utf-8"))
    return content


def _declared_streams() -> dict[str, dict[str, Any]]:
    """Return the manifest's streams by name."""
    names = [reference["$ref"].rpartition("/")[2] for reference in manifest()["streams"]]
    return {name: manifest()["definitions"][name] for name in names}


class Plan:
    """Sends the requests of a survey. `document_field` is a data item that holds the ids of documents."""

    def __init__(self, config: SourceConfig, sender: Sender, document_field: str | None = None) -> None:
        self._config = config
        self._sender = sender
        self._document_field = document_field
        self._streams = _declared_streams()
        records = list(self._record_streams())
        built_in_python = (*(kind.stream for kind in records), DELIVERED_RECORDS, DOCUMENTS)
        self._found = Evidence(streams=[*self._streams, *built_in_python], records=records)

    def gather(self) -> Evidence:
        """Send the requests, and return the replies. Raises EnrollmentError if the service or the key is not usable."""
        self._request_lists()
        forms = self._forms()
        self._request_first_pages(forms)
        self._request_details_of_forms(forms)
        if self._document_field:
            self._found.documents = self._sender.send_all(self._document_requests())
        return self._found

    def _record_streams(self) -> Iterator[RecordEvidence]:
        """Yield the record streams. The manifest's detail streams refer to them."""
        for name, stream in self._streams.items():
            listed = stream.get("retriever", {}).get("partition_router", {}).get("record_stream")
            if listed:
                yield RecordEvidence(listed, name, cast(Any, stream["$parameters"]["path"].split("/")[1]))

    def _request_lists(self) -> None:
        """Request the lists that need no id. Raises EnrollmentError if the service or the key is not usable."""
        (connection,) = self._sender.send_all([SurveyRequest.get("/connection/test", "/connection/test")])
        if isinstance(connection.error, _NO_KEY_OR_SERVICE):
            raise connection.error
        names = [name for name in self._streams if "{{" not in self._path(name)]
        health = SurveyRequest("/healthz", lambda client: client.get_health())
        _, *replies = self._sender.send_all([health, *map(self._of_stream, names)])
        self._found.by_stream.update(zip(names, replies, strict=True))
        self._found.connection = connection
        errors = [reply.error for reply in (connection, *replies) if reply.error]
        if errors and not any(reply.is_answered for reply in replies):
            raise errors[-1]

    def _forms(self) -> list[int]:
        """Return the ids of at most four selected forms: the two newest ones, one between, and the oldest one."""
        forms = with_ids("published_actions", opened_list(self._found.by_stream["published_actions"]))
        try:
            selected = self._config.published_actions.choose(forms)
        except InvalidOption:
            self._found.selects_unknown_forms = True
            selected = [*forms]
        newest_first = sorted(selected, key=lambda form: (str(form.get("academicYear")), form["id"]), reverse=True)
        places = sorted({0, 1, len(selected) // 2, len(selected) - 1} & set(range(len(selected))))
        return list(dict.fromkeys(newest_first[place]["id"] for place in places))

    def _request_first_pages(self, forms: list[int]) -> None:
        """Request the first pages of the forms, and the children of the first delivery target and the first checklist.

        The requests for the other paths of getbatches are sent with them.
        """
        lists = [(kind, form) for form in forms for kind in self._found.records]
        first_pages = [self._page(kind, form, 1, PAGE_SIZES[0]) for kind, form in lists]
        children = {
            **self._child_requests_of_first("delivery_targets", "delivery_target_id"),
            **self._child_requests_of_first("checklists", "checklist_id"),
        }
        routes = {request.endpoint: request for request in self._other_routes()}
        replies = iter(self._sender.send_all([*first_pages, *children.values(), *routes.values()]))
        for kind, form in lists:
            kind.first_pages[form] = next(replies)
        self._found.by_stream.update({name: next(replies) for name in children})
        self._found.routes.update({endpoint: next(replies) for endpoint in routes})

    def _child_requests(self, id_name: str, parent_id: int) -> dict[str, SurveyRequest]:
        """Return a request for each stream whose path contains the id `id_name` of a parent object, by stream."""
        names = [name for name in self._streams if f".{id_name} " in self._path(name)]
        return {name: self._of_stream(name, {id_name: parent_id}) for name in names}

    def _child_requests_of_first(self, parent: str, id_name: str) -> dict[str, SurveyRequest]:
        listed = with_ids(parent, opened_list(self._found.by_stream[parent]))
        return self._child_requests(id_name, listed[0]["id"]) if listed else {}

    def _other_routes(self) -> Iterator[SurveyRequest]:
        for target in with_ids("delivery_targets", opened_list(self._found.by_stream["delivery_targets"]))[:1]:
            for route in _OTHER_ROUTES:
                path = route.replace("{id}", str(target["id"])).replace("{date}", _FIRST_DATE)
                yield SurveyRequest.get(route, path)

    def _request_details_of_forms(self, forms: list[int]) -> None:
        """Request the children of a form, such as import schemas, and more of the form with the most records."""
        children = self._child_requests("published_action_id", forms[0]) if forms else {}
        more = [
            (kind, name, request) for kind in self._found.records for name, request in self._about_largest_form(kind)
        ]
        replies = iter(self._sender.send_all([*children.values(), *(request for *_, request in more)]))
        self._found.by_stream.update({name: next(replies) for name in children})
        for kind, name, _ in more:
            kind.replies[name] = next(replies)

    def _about_largest_form(self, kind: RecordEvidence) -> Iterator[tuple[int | str, SurveyRequest]]:
        opened = ((form, opened_page(reply)) for form, reply in kind.first_pages.items())
        with_records = [(page, form) for form, page in opened if page and page.records]
        if not with_records:
            return
        first, form = max(with_records, key=lambda entry: entry[0].record_count)
        kind.form, kind.replies[PAGE_SIZES[0]] = form, kind.first_pages[form]
        yield DEFAULT_SIZE, self._page(kind, form)
        for size in PAGE_SIZES[1:]:
            yield size, self._page(kind, form, 1, size)
        if first.page_count > 1:
            yield SECOND, self._page(kind, form, 2, PAGE_SIZES[0])
        yield BEYOND_LAST, self._page(kind, form, first.page_count + 1, PAGE_SIZES[0])
        for record_id in [found for record in first.records if (found := integer_id(record.get("id"))) is not None][:1]:
            yield DETAILS, self._of_stream(kind.details, {"record_id": record_id})
        yield UNKNOWN, self._of_stream(kind.details, {"record_id": _UNKNOWN_ID}, remark=" (unknown id)")

    def _document_requests(self) -> list[SurveyRequest]:
        """Return the requests for a document's address, without and with a file name. No document is downloaded."""
        kinds = [kind for kind in self._found.records if kind.stream == _WITH_DOCUMENTS]
        records = (record for kind in kinds for page in kind.pages for record in page.records)
        items = (record["dataItems"] for record in records if isinstance(record.get("dataItems"), dict))
        values = (entry.get(self._document_field) for entry in items)
        document = next((value.strip() for value in values if isinstance(value, str) and value.strip()), None)
        if document is None:
            return []
        return [
            SurveyRequest("/documents/{objectId}", lambda client: request_address(client, document)),
            SurveyRequest("/documents/document/url", lambda client: request_address(client, document, _FILE_NAME)),
        ]

    def _page(
        self, kind: RecordEvidence, form: int, number: int | None = None, size: int | None = None
    ) -> SurveyRequest:
        paging = {"page": number, "pagesize": size} if number else {}
        path = RecordPages(self._sender.client, kind.path, PAGE_SIZES[0]).path(form)
        return SurveyRequest.get(
            f"/publishedactions/{{id}}/{kind.path}", path, {**self._config.search_parameters(), **paging}
        )

    def _of_stream(self, name: str, ids: Mapping[str, int] | None = None, remark: str = "") -> SurveyRequest:
        """Return the request for a stream of the manifest, with the ids in its path."""
        path = InterpolatedString.create(self._path(name), parameters={})
        known, shown = {"start_time": _FIRST_DATE, **(ids or {})}, {"start_time": "{date}"}
        endpoint = path.eval({"start_date": "{date}"}, stream_slice={**dict.fromkeys(ids or {}, "{id}"), **shown})
        return SurveyRequest.get(f"{endpoint}{remark}", str(path.eval({}, stream_slice=known)))

    def _path(self, name: str) -> str:
        """Return the path that the manifest gives a stream, with `{{ … }}` for each id."""
        return str(self._streams[name]["$parameters"]["path"])
