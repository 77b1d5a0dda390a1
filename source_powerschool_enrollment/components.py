"""The manifest's Python components, for what YAML cannot express about this service."""

# Annotations are evaluated here: the CDK asks for them, and Python 3.10 cannot resolve an InitVar that is text.
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from functools import partial
from typing import Any, Literal

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.extractors.record_filter import RecordFilter
from airbyte_cdk.sources.declarative.interpolation import InterpolatedString
from airbyte_cdk.sources.declarative.requesters.paginators.strategies.pagination_strategy import PaginationStrategy
from airbyte_cdk.sources.declarative.requesters.requester import HttpMethod, Requester
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, Record, StreamSlice, StreamState
from typing_extensions import override

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, NotFound, open_list, open_one, open_page
from powerschool_enrollment_api.response_errors import json_of
from source_powerschool_enrollment.context import sync_for
from source_powerschool_enrollment.options import PublishedActionSelection, page_size_of, search_parameters
from source_powerschool_enrollment.record_types import iso_date, iso_date_of_us_date, retype, utc_time


@dataclass
class EnrollmentRequester(Requester):
    """Sends a stream's requests through the shared client.

    Not an HttpRequester, because that one writes each response's body and headers, so children's records and
    the key, to the log at level DEBUG; and because the refused key arrives as a status 500, which must not be
    tried again, as the client knows.

    `path` is below `base_url` and may use `stream_partition` and `stream_interval`. With `searches` the
    option `record_search` is sent along. With `skip_missing` a 404 is a counted warning: what was listed a moment
    ago has been removed since.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    path: str
    name: str = ""
    searches: bool = False
    skip_missing: bool = False

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._path = InterpolatedString.create(self.path, parameters=parameters)
        self._search = search_parameters(self.config) if self.searches else {}

    @override
    def send_request(
        self,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
        path: str | None = None,
        request_headers: Mapping[str, Any] | None = None,
        request_params: Mapping[str, Any] | None = None,
        request_body_data: Mapping[str, Any] | str | None = None,
        request_body_json: Mapping[str, Any] | None = None,
        log_formatter: Callable[[requests.Response], Any] | None = None,
    ) -> requests.Response | None:
        """Return the response, whose body is valid JSON; None for a removed object if `skip_missing` is set.

        Raises AirbyteTracedException with the failure type of the error.
        """
        sync = sync_for(self.config)
        address = self.get_path(stream_state=stream_state, stream_slice=stream_slice, next_page_token=next_page_token)
        try:
            return sync.client.get_response(address, {**self._search, **(request_params or {})})
        except NotFound as error:
            if not self.skip_missing:
                raise as_traced_exception(error) from None
            _count_removed(self.config, self.name)
            return None
        except EnrollmentError as error:
            raise as_traced_exception(error) from None

    @override
    def get_path(
        self,
        *,
        stream_state: StreamState | None,
        stream_slice: StreamSlice | None,
        next_page_token: Mapping[str, Any] | None,
    ) -> str:
        """Return the path below `base_url`."""
        return str(self._path.eval(self.config, stream_slice=stream_slice, next_page_token=next_page_token))

    def get_url_base(self, **_: Any) -> str:
        """Return the normalised `base_url`."""
        return sync_for(self.config).client.settings.base_url

    def get_url(self, **context: Any) -> str:
        """Return the whole address."""
        return self.get_url_base() + self.get_path(**context)

    def get_method(self) -> HttpMethod:
        """Return GET: nothing the manifest declares ever changes the service."""
        return HttpMethod.GET

    def get_authenticator(self) -> Any:
        """Return nothing: the client holds the key."""
        return None

    def get_request_params(self, **_: Any) -> MutableMapping[str, Any]:
        """Return nothing: the paginator's parameters arrive with each request."""
        return {}

    def get_request_headers(self, **_: Any) -> Mapping[str, Any]:
        """Return nothing: the client sets the headers."""
        return {}

    def get_request_body_data(self, **_: Any) -> Mapping[str, Any]:
        """Return nothing: GET has no body."""
        return {}

    def get_request_body_json(self, **_: Any) -> Mapping[str, Any]:
        """Return nothing: GET has no body."""
        return {}


@dataclass
class EnvelopeExtractor(RecordExtractor):
    """Takes the records out of an answer, in the documented shape or the observed one.

    Not a DpathExtractor, because that one walks every leaf of every record (four fifths of a sync's CPU), and
    cannot read two shapes. Where one object is expected, an empty list is a counted warning: the listed object
    has been removed since.
    """

    config: Config
    shape: Literal["list", "one", "page"]
    name: str = ""

    def extract_records(self, response: requests.Response) -> list[Mapping[str, Any]]:
        """Return the records. Raises AirbyteTracedException for an answer of another shape."""
        where = f"{response.request.method} {response.request.path_url.partition('?')[0]}"
        try:
            records = _OPEN[self.shape](json_of(response, where))
        except EnrollmentError as error:
            error.where = where
            raise as_traced_exception(error) from None
        if self.shape == "one" and not records:
            _count_removed(self.config, self.name)
        return records


def _open_one(payload: Any) -> list[Mapping[str, Any]]:
    one = open_one(payload)
    return [] if one is None else [one]


_OPEN: Mapping[str, Callable[[Any], list[Mapping[str, Any]]]] = {
    "list": lambda payload: [*open_list(payload)],
    "one": _open_one,
    "page": lambda payload: [*open_page(payload).records],
}


@dataclass
class AnsweredPages(PaginationStrategy):
    """Pages by what the service answers, never by what it was asked for: it may cap the page size."""

    config: Config

    @property
    def initial_token(self) -> int:
        """Return the first page's number."""
        return 1

    @override
    def next_page_token(
        self,
        response: requests.Response,
        last_page_size: int,
        last_record: Record | None,
        last_page_token_value: Any | None,
        page_size_override: int | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> int | None:
        """Return the next page's number; None after the last one."""
        page = open_page(json_of(response, "GET"))
        number = int(last_page_token_value or 1)
        return number + 1 if number < page.page_count else None

    def get_page_size(self) -> int:
        """Return the page size to ask for."""
        return page_size_of(self.config)


@dataclass
class SelectedPublishedActions(RecordFilter):
    """Lets the forms pass that the option `published_actions` selects.

    Not a condition, because a selected form that the service does not list must fail the sync.
    """

    @override
    def filter_records(
        self,
        records: Iterable[Mapping[str, Any]],
        stream_state: StreamState,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> Iterable[Mapping[str, Any]]:
        """Return the selected forms."""
        try:
            return PublishedActionSelection.from_config(self.config).choose(records)
        except EnrollmentError as error:
            raise as_traced_exception(error, FailureType.config_error) from None


@dataclass
class TypedRecord(RecordTransformation):
    """Gives a record its types, and the fields of the slice it was read for.

    `times` become UTC, `dates` become ISO dates; `added` are partition fields. Not AddFields, because Jinja
    costs a tenth of a millisecond a record.
    """

    config: Config
    name: str = ""
    times: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @override
    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        """Type the record in place."""
        if stream_slice:
            record.update({field: stream_slice[field] for field in self.added})
        unreadable = partial(_count_unreadable, self.config, self.name)
        retype(record, tuple(self.times), utc_time, unreadable)
        retype(record, tuple(self.dates), iso_date, unreadable)


@dataclass
class ChecklistEntryDates(RecordTransformation):
    """Sets `date_completed`, an ISO date, beside each checklist item's `dateCompleted`, which stays as it was sent.

    Not AddFields, because that one cannot reach into each item of a list.
    """

    config: Config
    name: str = ""

    @override
    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        """Date the record's items in place."""
        unreadable = partial(_count_unreadable, self.config, self.name)
        for item in record.get("checklistItems") or []:
            item["date_completed"] = item.get("dateCompleted")
            retype(item, ("date_completed",), iso_date_of_us_date, unreadable)


def _count_unreadable(config: Config, stream_name: str, field: str) -> None:
    sync_for(config).tally.count(stream_name, f"{field} could not be read as a date or time, and is null instead")


def _count_removed(config: Config, stream_name: str) -> None:
    sync_for(config).tally.count(stream_name, "skipped a record that was removed during the read")
