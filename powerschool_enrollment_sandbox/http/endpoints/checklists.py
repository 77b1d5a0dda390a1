"""Checklists, their details and their entries."""

from powerschool_enrollment_sandbox.district.checklists import Checklist
from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, json_answer
from powerschool_enrollment_sandbox.http.service import Call, Service
from powerschool_enrollment_sandbox.http.wire import WIRES


def list_checklists(service: Service, _call: Call) -> Answer:
    """GET /checklists."""
    return json_answer([checklist.answer() for checklist in service.district.checklists.values()])


def get_checklist(service: Service, call: Call) -> Answer:
    """GET /checklists/{id}."""
    return WIRES[service.settings.wire].details(_checklist(service, call).details())


def list_checklist_entries(service: Service, call: Call) -> Answer:
    """GET /checklists/{id}/checklistentries."""
    return json_answer(_checklist(service, call).entries())


def _checklist(service: Service, call: Call) -> Checklist:
    checklist = service.district.checklists.get(call.id)
    if checklist is None:
        raise Refusal(404, "The checklist was not found.")
    return checklist
