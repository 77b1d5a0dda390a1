"""Endpoints that need only one line in `routes.py`: plain lists, details of one object, and the health check."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from powerschool_enrollment_sandbox.district.district import District
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer
from powerschool_enrollment_sandbox.http.service import Call, Handler, Service
from powerschool_enrollment_sandbox.http.wire import Wire

T = TypeVar("T")
Find = Callable[[District, int], T]


class Listed(Protocol):
    """An object that appears in a plain list."""

    def as_json(self) -> dict[str, Any]:
        """Return the object as the list shows it."""
        ...


def finder(name: str, get: Find[T]) -> Find[T]:
    """Return a function that finds an object by its id, and raises Refusal (404) if `get` raises KeyError."""

    def find(district: District, object_id: int) -> T:
        try:
            return get(district, object_id)
        except KeyError:
            raise Refusal(404, f"The {name} was not found.") from None

    return find


find_published_action = finder("published action", lambda district, form_id: district.forms[form_id])
find_roster_record = finder("roster record", District.roster_record)
find_submission_record = finder("submission record", District.submission_record)
find_delivery_target = finder("delivery target", lambda district, target_id: district.delivery_targets[target_id])
find_checklist = finder("checklist", lambda district, checklist_id: district.checklists[checklist_id])


def plain_list(select: Callable[[District], Mapping[int, Listed]]) -> Handler:
    """Return a handler that answers a list of all objects of one kind."""
    return lambda service, _call: json_answer([item.as_json() for item in select(service.district).values()])


def child_list(find: Find[T], select: Callable[[T], Iterable[Mapping[str, Any]]]) -> Handler:
    """Return a handler that answers a list below the object whose id is in the path."""
    return lambda service, call: json_answer(list(select(find(service.district, call.id))))


def details(find: Find[T], select: Callable[[T], Mapping[str, Any]]) -> Handler:
    """Return a handler that answers the details of the object whose id is in the path."""
    return lambda service, call: Wire.of(service.settings).details(select(find(service.district, call.id)))


def healthz(service: Service, _call: Call) -> Answer:
    """Answer status, version and the server's time, written `7/15/2019 2:40:48 PM (Coordinated Universal Time)`."""
    now = service.clock.now()
    return json_answer(
        {
            "Status": "Healthy",
            "SoftwareVersion": service.settings.software_version,
            "DateTimeNow": f"{now.month}/{now.day}/{now.year} {now.hour % 12 or 12}:{now:%M:%S %p}"
            " (Coordinated Universal Time)",
        }
    )
