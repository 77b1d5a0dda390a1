"""The control plane: routes below `/sandbox` that let another process inspect and change a running sandbox."""

import dataclasses
from collections.abc import Callable
from random import Random
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from powerschool_enrollment_sandbox.district import changes
from powerschool_enrollment_sandbox.http.faults import Fault
from powerschool_enrollment_sandbox.http.service import Service

Body = dict[str, Any]


def control_plane(service: Service) -> Router:
    """Return the application that answers below `/sandbox`."""
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
            route("GET", "/journal", control.count_requests),
            route("POST", "/faults", control.add_fault),
            route("DELETE", "/faults", control.clear_faults),
            route("PATCH", "/settings", control.change_settings),
            route("GET", "/district", control.describe_district),
            route("POST", "/district/forms/{id:int}/{records:str}/edit", control.edit_records),
        ]
    )


class _Control:
    """One method for each route."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._random = Random(1)

    def count_requests(self, request: Request, _body: Body) -> Body:
        query = request.query_params
        status = query.get("status")
        count = self._service.journal.count(
            query.get("method", "*"), query.get("path", "*"), status=int(status) if status else None
        )
        return {"count": count}

    def add_fault(self, _request: Request, body: Body) -> Body:
        self._service.faults.add(Fault(**body))
        return {}

    def clear_faults(self, _request: Request, _body: Body) -> Body:
        self._service.faults.clear()
        return {}

    def change_settings(self, _request: Request, body: Body) -> Body:
        self._service.settings = dataclasses.replace(self._service.settings, **body)
        return dataclasses.asdict(self._service.settings)

    def describe_district(self, _request: Request, _body: Body) -> Body:
        district = self._service.district
        return {
            "plan": dataclasses.asdict(district.plan),
            "forms": [
                form.as_json() | {"roster": len(form.roster), "submissions": len(form.submissions)}
                for form in district.forms.values()
            ],
        }

    def edit_records(self, request: Request, body: Body) -> Body:
        form = self._service.district.forms[request.path_params["id"]]
        records = {"roster": form.roster, "submissions": form.submissions}[request.path_params["records"]]
        where = body.get("where", "anywhere")
        return {"ids": changes.edit(records, body.get("count", 1), where, self._random)}


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
