"""HTTP client for the control plane of a sandbox that runs in another process."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from powerschool_enrollment_sandbox.district.changes import Where
from powerschool_enrollment_sandbox.http.faults import Fault

_TIMEOUT_SECONDS = 60


@dataclass
class SandboxClient:
    """One method per route of the control plane. Each raises ValueError if the sandbox rejects the request."""

    root_url: str
    api_key: str

    @property
    def base_url(self) -> str:
        """Return the `base_url` for a connector's configuration."""
        return f"{self.root_url}/api/v1"

    def count(self, method: str = "*", path: str = "*", *, status: int | None = None) -> int:
        """Count the requests received so far, by method, path (with `*` and `?`, or a route) and status."""
        query = {"method": method, "path": path, "status": "" if status is None else str(status)}
        count: int = self._send("GET", f"/journal?{urlencode(query)}")["count"]
        return count

    def add_fault(self, fault: Fault) -> None:
        """Add a fault that affects the requests it matches, from now on."""
        self._send("POST", "/faults", fault.as_json())

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._send("DELETE", "/faults")

    def change_settings(self, **settings: Any) -> None:
        """Change fields of `Settings`, such as `wire="documented"`."""
        self._send("PATCH", "/settings", settings)

    def district(self) -> dict[str, Any]:
        """Return the district's plan, and the id, title and number of records of each form."""
        return self._send("GET", "/district")

    def edit_records(
        self, form_id: int, records: Literal["roster", "submissions"], count: int = 1, where: Where = "anywhere"
    ) -> list[int]:
        """Change one data item in each of `count` records of a form, and return the records' ids."""
        path = f"/district/forms/{form_id}/{records}/edit"
        ids: list[int] = self._send("POST", path, {"count": count, "where": where})["ids"]
        return ids

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.root_url}/sandbox{path}", data, method=method)  # noqa: S310 - our sandbox
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
                content: dict[str, Any] = json.load(response)
                return content
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error
