"""The control plane, `/sandbox/...`: what tests do with a sandbox in their own process, over HTTP."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from powerschool_enrollment_sandbox.district import changes
from powerschool_enrollment_sandbox.district.clock import as_utc_text
from powerschool_enrollment_sandbox.district.district import DistrictPlan, grown
from powerschool_enrollment_sandbox.district.record_list import RecordList
from powerschool_enrollment_sandbox.http.faults import Fault
from powerschool_enrollment_sandbox.http.service import Service

Body = dict[str, Any]
_CHANGES = {"insert": changes.insert, "remove": changes.remove, "edit": changes.edit}


def control_plane(service: Service) -> Router:
    """The application that is mounted at `/sandbox`."""
    control = _Control(service)

    def route(method: str, path: str, act: Callable[[Request, Body], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                content = act(request, orjson.loads(body) if body else {})
            except (KeyError, TypeError, ValueError) as error:
                return _json({"message": f"{type(error).__name__}: {error}"}, 400)
            return _json(content)

        return Route(f"/sandbox{path}", endpoint, methods=[method])

    return Router(
        routes=[
            route("GET", "/journal", control.journal),
            route("DELETE", "/journal", control.clear_journal),
            route("GET", "/faults", control.faults),
            route("POST", "/faults", control.add_fault),
            route("DELETE", "/faults", control.clear_faults),
            route("GET", "/changes", control.changes),
            route("POST", "/changes", control.add_change),
            route("DELETE", "/changes", control.clear_changes),
            route("GET", "/settings", control.settings),
            route("PATCH", "/settings", control.change_settings),
            route("GET", "/clock", control.clock),
            route("PATCH", "/clock", control.change_clock),
            route("GET", "/district", control.district),
            route("PUT", "/district", control.replace_district),
            route("GET", "/district/imports", control.imports),
            route("GET", "/district/deliverytargets/{id:int}", control.delivery_target),
            route("POST", "/district/deliverytargets/{id:int}/approve", control.approve),
            route("GET", "/district/forms/{id:int}/{records:str}/ids", control.record_ids),
            route("GET", "/district/forms/{id:int}/{records:str}/{record_id:int}", control.record),
            route("PATCH", "/district/forms/{id:int}/{records:str}/{record_id:int}", control.edit_record),
            route("POST", "/district/forms/{id:int}/{records:str}/{change:str}", control.change_records),
            route("DELETE", "/district/forms/{id:int}", control.remove_form),
        ]
    )


class _Control:
    """One method for each route."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._chance = Random(1)  # noqa: S311 - no secret

    def journal(self, request: Request, _body: Body) -> Body:
        query = request.query_params
        journal = self._service.journal
        status = query.get("status")
        entries = journal.entries(
            query.get("method", "*"), query.get("path", "*"), status=int(status) if status else None
        )
        answer: Body = {
            "count": len(entries),
            "max_concurrent": journal.max_concurrent,
            "routes": journal.routes(),
        }
        if query.get("entries") == "true":
            answer["entries"] = [entry.as_json() for entry in entries]
        return answer

    def clear_journal(self, _request: Request, _body: Body) -> Body:
        self._service.journal.clear()
        return {}

    def faults(self, _request: Request, _body: Body) -> list[Body]:
        return [fault.as_json() for fault in self._service.faults]

    def add_fault(self, _request: Request, body: Body) -> list[Body]:
        self._service.faults.add(Fault(**body))
        return self.faults(_request, body)

    def clear_faults(self, _request: Request, _body: Body) -> Body:
        self._service.faults.clear()
        return {}

    def changes(self, _request: Request, _body: Body) -> list[Body]:
        return [change.as_json() for change in self._service.changes.list()]

    def add_change(self, request: Request, body: Body) -> list[Body]:
        self._service.changes.add(changes.Change(**body))
        return self.changes(request, body)

    def clear_changes(self, _request: Request, _body: Body) -> Body:
        self._service.changes.clear()
        return {}

    def settings(self, _request: Request, _body: Body) -> Body:
        return dataclasses.asdict(self._service.settings)

    def change_settings(self, request: Request, body: Body) -> Body:
        self._service.settings = dataclasses.replace(self._service.settings, **body)
        return self.settings(request, body)

    def clock(self, _request: Request, _body: Body) -> Body:
        return {"now": as_utc_text(self._service.clock.now())}

    def change_clock(self, request: Request, body: Body) -> Body:
        clock = self._service.clock
        if body.get("release"):
            clock.release()
        if body.get("freeze"):
            clock.freeze(None if body["freeze"] is True else datetime.fromisoformat(body["freeze"]))
        return self.clock(request, body)

    def district(self, _request: Request, _body: Body) -> Body:
        district = self._service.district
        return {
            "plan": dataclasses.asdict(district.plan),
            "forms": [
                form.answer()
                | {"import_schemas": list(form.import_schemas)}
                | {"roster": len(form.roster), "submissions": len(form.submissions)}
                for form in district.forms.values()
            ],
            "delivery_targets": list(district.delivery_targets),
            "checklists": list(district.checklists),
        }

    def replace_district(self, request: Request, body: Body) -> Body:
        self._service.district = grown(DistrictPlan(**body))
        return self.district(request, body)

    def imports(self, request: Request, _body: Body) -> Body:
        attempts = self._service.district.imports.attempts
        answer: Body = {
            "count": len(attempts),
            "imported": sum(not attempt.errors for attempt in attempts),
        }
        if request.query_params.get("rows") == "true":
            answer["attempts"] = [dataclasses.asdict(attempt) for attempt in attempts]
        return answer

    def delivery_target(self, request: Request, _body: Body) -> Body:
        target = self._service.district.delivery_targets[request.path_params["id"]]
        with target.lock:
            return {
                "id": target.id,
                "pending": list(target.pending),
                "batches": [dataclasses.asdict(batch) | {"date": as_utc_text(batch.date)} for batch in target.batches],
            }

    def approve(self, request: Request, body: Body) -> Body:
        target = self._service.district.delivery_targets[request.path_params["id"]]
        return {"ids": target.approve(body.get("count", 1))}

    def record_ids(self, request: Request, _body: Body) -> Body:
        return {"ids": self._records(request).ids()}

    def record(self, request: Request, _body: Body) -> Body:
        return self._records(request)[request.path_params["record_id"]]

    def edit_record(self, request: Request, body: Body) -> Body:
        data_items = body.pop("dataItems", None)
        return self._records(request).edit(request.path_params["record_id"], data_items, **body)

    def change_records(self, request: Request, body: Body) -> Body:
        change = _CHANGES[request.path_params["change"]]
        where = body.get("where", "anywhere")
        return {"ids": change(self._records(request), body.get("count", 1), where, self._chance)}

    def remove_form(self, request: Request, _body: Body) -> Body:
        self._service.district.remove_form(request.path_params["id"])
        return {}

    def _records(self, request: Request) -> RecordList:
        form = self._service.district.forms[request.path_params["id"]]
        return {"roster": form.roster, "submissions": form.submissions}[request.path_params["records"]]


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
