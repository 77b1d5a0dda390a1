"""Delivery targets and their batches."""

from datetime import date

from powerschool_enrollment_sandbox.district.deliveries import DeliveryTarget
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer, no_content
from powerschool_enrollment_sandbox.http.service import Call, Service


def list_delivery_targets(service: Service, _call: Call) -> Answer:
    """GET /deliverytargets."""
    return json_answer([target.answer() for target in service.district.delivery_targets.values()])


def create_batch(service: Service, call: Call) -> Answer:
    """POST /deliverytargets/{id}/createbatch."""
    return json_answer(_target(service, call).create_batch(service.clock.now(), service.settings.batch_limit))


def get_batches(service: Service, call: Call) -> Answer:
    """GET /deliverytargets/{id}/getbatches, /getbatches/{date} and /getbatches/{date}/{getAutoOpen}."""
    target = _target(service, call)
    auto_open = call.parameters.get("getAutoOpen", "false").lower()
    if auto_open not in ("true", "false"):
        raise Refusal(400, "getAutoOpen must be true or false.")
    return json_answer(target.get_batches(_date(call.parameters.get("date")), auto_open=auto_open == "true"))


def reset_batch(service: Service, call: Call) -> Answer:
    """POST /deliverytargets/{id}/resetbatch/{batchid}."""
    target = _target(service, call)
    if not target.reset_batch(call.parameters["batchid"], keep=service.settings.reset_batches_stay):
        raise Refusal(404, "The delivery batch was not found.")
    return no_content()


def _target(service: Service, call: Call) -> DeliveryTarget:
    target = service.district.delivery_targets.get(call.id)
    if target is None:
        raise Refusal(404, "The delivery target was not found.")
    return target


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "The date must be given as yyyy-mm-dd.") from None
