"""Faults on request: which requests they strike, how often, and what they do."""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from fnmatch import translate
from random import Random
from threading import Lock
from typing import Any, Literal

from powerschool_enrollment_sandbox.http.responses import Answer, json_answer

FaultKind = Literal[
    "delay",  # waits `seconds`, then goes on
    "hang",  # waits `seconds`, then drops the connection
    "drop",  # resets the connection
    "status",  # answers `status` with `body`
    "truncate",  # cuts the body short of the Content-Length it claimed, and closes
    "bom",  # puts a byte order mark before the body
    "extra_keys",  # puts unknown keys into every object of the answer
    "without_status",  # takes the key `status` from the answer of an import
    "without_records",  # answers a page with its metadata but no records
]

_BODIES = {
    "json": json_answer({"message": "An error has occurred."}),
    "html": Answer(
        body=b"<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>"
        b"<body><h1>We'll be back soon</h1><p>Scheduled maintenance.</p></body></html>\n",
        content_type="text/html; charset=utf-8",
    ),
    "empty": Answer(),
}


@dataclass
class Fault:
    """A fault strikes the requests that match it, after the first `skip` of them, at most `times`.

    Attributes:
        kind: what it does; see FaultKind.
        method: of the requests it strikes, with `*` for any.
        path: below `/api/v1` (whole elsewhere) without query, as `/deliverytargets/*/createbatch`.
        times: how often it strikes; None: until it is removed.
        skip: how many matching requests it lets pass first.
        probability: of striking a matching request, once those are past.
        seconds: for `delay` and `hang`.
        status: for `status`; 429 is "slow down".
        body: of a `status` fault: the documented message, a maintenance page, or nothing.
        message: replaces "An error has occurred."
        retry_after: seconds in a Retry-After header; `retry_after_as_date` writes the moment instead.
        headers: further headers of a `status` fault, such as Location.
        after_acting: whether the service does what was asked before the fault (`status`, `drop`, `hang`).
        struck: how often it struck so far.
    """

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 503
    body: Literal["json", "html", "empty"] = "json"
    message: str = ""
    retry_after: float | None = None
    retry_after_as_date: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    after_acting: bool = False
    struck: int = 0
    _seen: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        """Compile the path once."""
        self._path = re.compile(translate(self.path))

    def strikes(self, method: str, path: str, chance: Random) -> bool:
        """Whether it strikes this request; counts that it did."""
        if self.times is not None and self.struck >= self.times:
            return False
        if self.method not in ("*", method) or not self._path.match(path):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.probability < 1 and chance.random() >= self.probability):
            return False
        self.struck += 1
        return True

    def answer(self) -> Answer:
        """What a `status` fault answers."""
        body = json_answer({"message": self.message}) if self.message else _BODIES[self.body]
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = self._retry_after(self.retry_after)
        return Answer(self.status, body.body, body.content_type, headers)

    def as_json(self) -> dict[str, Any]:
        """Return the fields that describe the fault, without its counters, for the control plane."""
        return {name: value for name, value in asdict(self).items() if name not in ("struck", "_seen")}

    def _retry_after(self, seconds: float) -> str:
        if self.retry_after_as_date:
            return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)
        return f"{seconds:g}"


class Faults:
    """The faults in force; chances are drawn from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._faults: list[Fault] = []
        self._chance = Random(seed)  # noqa: S311 - no secret
        self._lock = Lock()

    def add(self, *faults: Fault) -> None:
        """Put faults in force."""
        with self._lock:
            self._faults += faults

    def clear(self) -> None:
        """Let all be well again."""
        with self._lock:
            self._faults = []

    def striking(self, method: str, path: str) -> list[Fault]:
        """Those that strike this request."""
        if not self._faults:
            return []
        with self._lock:
            return [fault for fault in self._faults if fault.strikes(method, path, self._chance)]
