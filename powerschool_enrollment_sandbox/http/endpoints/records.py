"""Pages of roster and submission records."""

from collections.abc import Callable, Mapping

from powerschool_enrollment_sandbox.district.published_actions import PublishedAction
from powerschool_enrollment_sandbox.district.record_list import RecordList, Search
from powerschool_enrollment_sandbox.http.endpoints.read_only import find_published_action
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal
from powerschool_enrollment_sandbox.http.service import Call, Handler, Service
from powerschool_enrollment_sandbox.http.wire import Wire

# The available documentation lacks the table of search parameters. A search is likely to use these fields of a record.
_SEARCHABLE = frozenset(
    (
        "id",
        "status",
        "firstname",
        "lastname",
        "dateofbirth",
        "externalstudentid",
        "externalfamilyid",
        "household",
        "school",
        "grade",
        "enrollstatus",
        "tag",
        "tags",
    )
)
# Whether the service reads larger numbers is unknown. Most web frameworks read 32 bits.
_MAXIMUM = 2**31 - 1


def record_page(select: Callable[[PublishedAction], RecordList]) -> Handler:
    """Return a handler that answers a page of a form's records, filtered by the search in the query."""

    def handle(service: Service, call: Call) -> Answer:
        return _page(service, call, select(find_published_action(service.district, call.id)))

    return handle


def _page(service: Service, call: Call, records: RecordList) -> Answer:
    settings = service.settings
    number = _positive(call.query, "page", 1)
    size = min(_positive(call.query, "pagesize", settings.default_page_size), settings.page_size_cap)
    service.changes.before_page(call.entry.path, records)
    search = _search(call.query)
    page = records.page(number, size, search, settings.record_order)
    if number > max(page.page_count, 1) and settings.page_beyond_last == "not_found":
        raise Refusal(404, "The page was not found.")
    if number > page.page_count > 0 and settings.page_beyond_last == "last":
        page = records.page(page.page_count, size, search, settings.record_order)
    return Wire.of(settings).page(page)


def _search(query: Mapping[str, str]) -> Search:
    # Like most web frameworks, the service ignores parameters that it does not know.
    return tuple(sorted((name, value) for name, value in query.items() if name in _SEARCHABLE))


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if text.isdecimal() and len(text) <= len(str(_MAXIMUM)) and 1 <= int(text) <= _MAXIMUM:
        return int(text)
    raise Refusal(400, f"The parameter {name} must be a positive number of at most {_MAXIMUM}.")
