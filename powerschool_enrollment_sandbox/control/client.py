"""The control plane's client: what a test does with a sandbox that is another process."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from powerschool_enrollment_sandbox.district.changes import Change, Where
from powerschool_enrollment_sandbox.http.faults import Fault

_BOUND = 60
Records = Literal["roster", "submissions"]


@dataclass
class SandboxClient:
    """Operations on a sandbox elsewhere; answers are plain JSON. What cannot be done raises ValueError."""

    root_url: str
    api_key: str

    @property
    def base_url(self) -> str:
        """What a connector is configured with."""
        return f"{self.root_url}/api/v1"

    def count(self, method: str = "*", path: str = "*", *, status: int | None = None) -> int:
        """How many requests of that method, path (`*` and `?`, or a route) and status there were."""
        count: int = self._journal(method, path, status)["count"]
        return count

    def entries(self, method: str = "*", path: str = "*", *, status: int | None = None) -> list[dict[str, Any]]:
        """Those requests, in order of arrival, with the fields of JournalEntry."""
        entries: list[dict[str, Any]] = self._journal(method, path, status, entries="true")["entries"]
        return entries

    def routes(self) -> dict[str, int]:
        """How many requests for each `METHOD route`."""
        routes: dict[str, int] = self._journal("*", "*", None)["routes"]
        return routes

    def max_concurrent(self) -> int:
        """How many requests were under way at once, at most."""
        most: int = self._journal("*", "*", None)["max_concurrent"]
        return most

    def clear_journal(self) -> None:
        """Forget every request."""
        self._ask("DELETE", "/journal")

    def add_fault(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._ask("POST", "/faults", {name: value for name, value in fault.as_json().items() if name != "struck"})

    def clear_faults(self) -> None:
        """Let all be well again."""
        self._ask("DELETE", "/faults")

    def add_change(self, change: Change) -> None:
        """Let records change while they are read."""
        self._ask(
            "POST",
            "/changes",
            {name: value for name, value in change.as_json().items() if name != "happened"},
        )

    def clear_changes(self) -> None:
        """Let records rest."""
        self._ask("DELETE", "/changes")

    def change_settings(self, **settings: Any) -> None:
        """Change fields of Settings, such as `wire="documented"`."""
        self._ask("PATCH", "/settings", settings)

    def freeze_clock(self, at: str | None = None) -> None:
        """Stop the server's clock, at an ISO time or now."""
        self._ask("PATCH", "/clock", {"freeze": at or True})

    def release_clock(self) -> None:
        """Let the server's clock run with ours again."""
        self._ask("PATCH", "/clock", {"release": True})

    def district(self) -> dict[str, Any]:
        """The plan of the district, and the ids and sizes of what is in it."""
        return _object(self._ask("GET", "/district"))

    def replace_district(self, **plan: Any) -> dict[str, Any]:
        """Start over with another district: fields of DistrictPlan."""
        return _object(self._ask("PUT", "/district", plan))

    def imports(self, *, rows: bool = False) -> dict[str, Any]:
        """`count` and `imported`, and with `rows` the `attempts` themselves, in the order of acting."""
        return _object(self._ask("GET", f"/district/imports?rows={str(rows).lower()}"))

    def delivery_target(self, target_id: int) -> dict[str, Any]:
        """The target's `pending` record ids and its `batches` with the `record_ids` of each."""
        return _object(self._ask("GET", f"/district/deliverytargets/{target_id}"))

    def approve(self, target_id: int, count: int = 1) -> list[int]:
        """Approve submissions for a target; returns their ids."""
        return _ids(self._ask("POST", f"/district/deliverytargets/{target_id}/approve", {"count": count}))

    def record_ids(self, form_id: int, records: Records) -> list[int]:
        """The ids of a form's records, in order."""
        return _ids(self._ask("GET", f"/district/forms/{form_id}/{records}/ids"))

    def record(self, form_id: int, records: Records, record_id: int) -> dict[str, Any]:
        """One record."""
        return _object(self._ask("GET", f"/district/forms/{form_id}/{records}/{record_id}"))

    def edit_record(self, form_id: int, records: Records, record_id: int, fields: Mapping[str, Any]) -> None:
        """Change fields of a record, and with `dataItems` some of its data items."""
        self._ask("PATCH", f"/district/forms/{form_id}/{records}/{record_id}", fields)

    def insert(self, form_id: int, records: Records, count: int = 1, where: Where = "anywhere") -> list[int]:
        """Insert records; returns their ids."""
        return self._change(form_id, records, "insert", count, where)

    def remove(self, form_id: int, records: Records, count: int = 1, where: Where = "anywhere") -> list[int]:
        """Remove records; returns their ids."""
        return self._change(form_id, records, "remove", count, where)

    def edit(self, form_id: int, records: Records, count: int = 1, where: Where = "anywhere") -> list[int]:
        """Edit a data item of records; returns their ids."""
        return self._change(form_id, records, "edit", count, where)

    def remove_form(self, form_id: int) -> None:
        """Withdraw a form."""
        self._ask("DELETE", f"/district/forms/{form_id}")

    def _change(self, form_id: int, records: Records, change: str, count: int, where: Where) -> list[int]:
        path = f"/district/forms/{form_id}/{records}/{change}"
        return _ids(self._ask("POST", path, {"count": count, "where": where}))

    def _journal(self, method: str, path: str, status: int | None, entries: str = "false") -> dict[str, Any]:
        query = {
            "method": method,
            "path": path,
            "status": "" if status is None else str(status),
            "entries": entries,
        }
        return _object(self._ask("GET", "/journal", query=query))

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        address = f"{self.root_url}/sandbox{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, method=method)  # noqa: S310 - the sandbox's own address
        try:
            with urllib.request.urlopen(request, timeout=_BOUND) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error


def _object(answer: Any) -> dict[str, Any]:
    content: dict[str, Any] = answer
    return content


def _ids(answer: Mapping[str, Any]) -> list[int]:
    ids: list[int] = answer["ids"]
    return ids
