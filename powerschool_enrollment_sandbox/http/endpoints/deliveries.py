"""Batches of delivery targets: create, list, reset."""

from datetime import date

from powerschool_enrollment_sandbox.district.clock import parsed_day
from powerschool_enrollment_sandbox.http.endpoints.read_only import find_delivery_target
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer, no_content
from powerschool_enrollment_sandbox.http.service import Call, Service
from powerschool_enrollment_sandbox.settings import BatchRoutes

_DATE_LENGTH = len("2012-10-03")


def create_batch(service: Service, call: Call) -> Answer:
    """POST /deliverytargets/{id}/createbatch."""
    target = find_delivery_target(service.district, call.id)
    return json_answer(target.create_batch(service.clock.now(), service.settings.batch_limit))


def get_batches(service: Service, call: Call) -> Answer:
    """GET /deliverytargets/{id}/getbatches, and below it /{date} and /{date}/{getAutoOpen}."""
    target = find_delivery_target(service.district, call.id)
    day, auto_open = _options(call, service.settings.batch_routes)
    if auto_open not in ("true", "false"):
        raise Refusal(400, "getAutoOpen must be true or false.")
    return json_answer(target.get_batches(_date(day), auto_open=auto_open == "true"))


def reset_batch(service: Service, call: Call) -> Answer:
    """POST /deliverytargets/{id}/resetbatch/{batchid}."""
    target = find_delivery_target(service.district, call.id)
    if not target.reset_batch(call.parameters["batchid"], keep=service.settings.reset_batches_stay):
        raise Refusal(404, "The delivery batch was not found.")
    return no_content()


def _options(call: Call, routes: BatchRoutes) -> tuple[str | None, str]:
    """Return the date and the flag, which is a segment of the path or directly after the date."""
    day, flag = call.parameters.get("date"), call.parameters.get("getAutoOpen")
    if flag is not None and routes != "segments":
        raise Refusal(404, "No HTTP resource was found that matches the request URI.")
    if day is not None and routes == "joined" and len(day) > _DATE_LENGTH:
        day, flag = day[:_DATE_LENGTH], day[_DATE_LENGTH:]
    return day, (flag or "false").lower()


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    day = parsed_day(text)
    if day is None:
        raise Refusal(400, "The date must be given as yyyy-mm-dd.")
    return day
