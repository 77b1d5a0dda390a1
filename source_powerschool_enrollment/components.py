"""The manifest's Python components, for what YAML cannot express about this service."""

# No `from __future__ import annotations`: the CDK evaluates the annotations, and Python 3.10 cannot evaluate an InitVar
# that is a string.
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import InitVar, dataclass
from functools import partial
from typing import Any, Literal

import requests
from airbyte_cdk.models import FailureType, Level
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor
from airbyte_cdk.sources.declarative.extractors.record_filter import RecordFilter
from airbyte_cdk.sources.declarative.interpolation import InterpolatedString
from airbyte_cdk.sources.declarative.requesters.http_requester import HttpRequester
from airbyte_cdk.sources.declarative.requesters.requester import HttpMethod, Requester
from airbyte_cdk.sources.declarative.transformations import RecordTransformation
from airbyte_cdk.sources.types import Config, StreamSlice, StreamState
from typing_extensions import override

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_api import EnrollmentError, NotFound, located, open_list, open_one
from source_powerschool_enrollment.context import sync_for
from source_powerschool_enrollment.record_types import RecordTypes, iso_date_of_us_date, retype


@dataclass
class EnrollmentRequester(Requester):
    """Sends a stream's requests through the shared client.

    Not an HttpRequester, for two reasons. It logs each response's body and headers at level DEBUG, and with them
    children's records and the key. And it would retry a refused key, which the service answers with status 500; the
    client recognises that answer.

    `path` is below `base_url` and may use `stream_partition` and `stream_interval`. With `skip_missing` a 404 is a
    counted warning: the object was removed after it was listed.

    `builder_log` sends no request. It only has the message repository that the Connector Builder reads, which the CDK
    does not pass to custom components.
    """

    config: Config
    parameters: InitVar[Mapping[str, Any]]
    path: str
    builder_log: HttpRequester
    name: str = ""
    skip_missing: bool = False

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._path = InterpolatedString.create(self.path, parameters=parameters)
        self._sync = sync_for(self.config)

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
        path = self.get_path(stream_state=stream_state, stream_slice=stream_slice, next_page_token=next_page_token)
        response = self._response(path, request_params)
        # Only the Connector Builder passes a formatter: it shows requests and responses, with the records in them.
        if log_formatter and response is not None:
            self.builder_log.message_repository.log_message(Level.DEBUG, lambda: log_formatter(response))
        return response

    def _response(self, path: str, parameters: Mapping[str, Any] | None) -> requests.Response | None:
        try:
            return self._sync.client.get_response(path, parameters)
        except NotFound as error:
            if not self.skip_missing:
                raise as_traced_exception(error) from None
            self._sync.count_removed(self.name)
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
        return self._sync.client.settings.base_url

    def get_url(self, **context: Any) -> str:
        """Return the complete address."""
        return self.get_url_base() + self.get_path(**context)

    def get_method(self) -> HttpMethod:
        """Return GET: no stream of the manifest changes data on the service."""
        return HttpMethod.GET

    def get_authenticator(self) -> Any:
        """Return nothing: the client holds the key."""
        return None

    def get_request_params(self, **_: Any) -> MutableMapping[str, Any]:
        """Return nothing: no stream that the manifest declares has query parameters."""
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
    """Extracts the records from an answer of the documented shape or the observed one.

    Not a DpathExtractor, because that one visits every leaf of every record (four fifths of a sync's CPU), and
    cannot read two shapes. If one object is expected, an empty list is a counted warning: the object was removed
    after it was listed.
    """

    config: Config
    shape: Literal["list", "one"]
    name: str = ""

    def __post_init__(self) -> None:
        self._sync = sync_for(self.config)
        self._types = RecordTypes.of_stream(self.name)

    def extract_records(self, response: requests.Response) -> list[Mapping[str, Any]]:
        """Return the records with a usable id, each one once.

        Raises AirbyteTracedException for an answer of another shape.
        """
        where = f"{response.request.method} {response.request.path_url.partition('?')[0]}"
        try:
            with located(where):
                records = self._open(response.json())
        except EnrollmentError as error:
            raise as_traced_exception(error) from None
        return [*self._sync.usable_objects(self.name, self._types, records, where)]

    def _open(self, payload: Any) -> list[dict[str, Any]]:
        if self.shape == "list":
            return open_list(payload)
        record = open_one(payload)
        if record is None:
            self._sync.count_removed(self.name)
            return []
        return [record]


@dataclass
class SelectedPublishedActions(RecordFilter):
    """Keeps only the forms that the option `published_actions` selects.

    Not a condition in Jinja, because a selected form that the service does not list must fail the sync.
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
            return sync_for(self.config).config.published_actions.choose(records)
        except EnrollmentError as error:
            raise as_traced_exception(error, FailureType.config_error) from None


@dataclass
class TypedRecord(RecordTransformation):
    """Converts a record to the types of its stream's schema, and adds the partition fields that `added` names.

    Not AddFields, because Jinja takes a tenth of a millisecond per record.
    """

    config: Config
    name: str = ""
    added: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._types = RecordTypes.of_stream(self.name)
        self._on_unreadable = partial(sync_for(self.config).count_unreadable, self.name)

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
        self._types.apply(record, self._on_unreadable)


@dataclass
class ChecklistEntryDates(RecordTransformation):
    """Sets `date_completed`, an ISO date, beside each checklist item's `dateCompleted`, which is not changed.

    Not AddFields, because that one cannot add a field to each item of a list.
    """

    config: Config
    name: str = ""

    def __post_init__(self) -> None:
        self._on_unreadable = partial(sync_for(self.config).count_unreadable, self.name)

    @override
    def transform(
        self,
        record: dict[str, Any],
        config: Config | None = None,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
    ) -> None:
        """Add the dates in place."""
        for item in record.get("checklistItems") or []:
            if isinstance(item, dict):
                item["date_completed"] = item.get("dateCompleted")
                retype(item, "date_completed", iso_date_of_us_date, self._on_unreadable)
