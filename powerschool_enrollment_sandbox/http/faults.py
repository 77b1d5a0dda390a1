"""Injected faults: which requests they apply to, how often, and what they do."""

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
    "delay",  # waits `seconds`, then answers
    "hang",  # waits `seconds`, then drops the connection
    "drop",  # resets the connection
    "status",  # answers `status` with `body`
    "truncate",  # sends half of the body with the Content-Length of all of it, then closes
    "trickle",  # sends the body byte by byte, one every `seconds`, until the client disconnects
    "bom",  # puts a byte order mark before the body
    "bad_byte",  # puts a byte that is not UTF-8 into the first text
    "nul",  # puts U+0000 into the first text
    "long_number",  # puts a number of 30 digits into the data items of every record
    "broken_json",  # puts something that is not JSON before the end of the body
    "extra_keys",  # puts unknown keys into every object of the answer
    "without_status",  # removes the key `status` from the answer to an import
    "without_records",  # answers a page with metadata but without records
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
    """A fault that applies to requests with a matching method and path.

    Attributes:
        kind: what the fault does; see FaultKind.
        method: the HTTP method to match; `*` matches any.
        path: the path to match, below `/api/v1` and without query, with `*` and `?`.
        times: how many requests it applies to at most; None for no limit.
        skip: how many matching requests it ignores first.
        probability: how likely it applies to a matching request that is not skipped.
        seconds: how long `delay` and `hang` wait; the time between two bytes of `trickle`.
        status: the status that `status` answers.
        body: what `status` answers: the documented JSON message, a maintenance page, or nothing.
        message: replaces the text "An error has occurred." in the JSON message.
        retry_after: seconds for a Retry-After header; with `retry_after_as_date`, the header contains a date.
        headers: further headers of the answer of `status`, such as Location.
        after_acting: whether the service processes the request before the fault (`status`, `drop`, `hang`).
        applied: how many requests it applied to so far.
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
    applied: int = 0
    _seen: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        """Compile the pattern of the path."""
        self._path = re.compile(translate(self.path))

    def applies_to(self, method: str, path: str, random: Random) -> bool:
        """Return whether the fault applies to this request, and count it."""
        if self.times is not None and self.applied >= self.times:
            return False
        if self.method not in ("*", method) or not self._path.match(path):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.probability < 1 and random.random() >= self.probability):
            return False
        self.applied += 1
        return True

    def answer(self) -> Answer:
        """Return the answer of a `status` fault."""
        body = json_answer({"message": self.message}) if self.message else _BODIES[self.body]
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = self._retry_after(self.retry_after)
        return Answer(self.status, body.body, body.content_type, headers)

    def as_json(self) -> dict[str, Any]:
        """Return the fields that describe the fault, without its counters, for the control plane."""
        return {name: value for name, value in asdict(self).items() if name not in ("applied", "_seen")}

    def _retry_after(self, seconds: float) -> str:
        if self.retry_after_as_date:
            return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)
        return f"{seconds:g}"


class Faults:
    """The active faults. Probabilities are decided at random, from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._faults: list[Fault] = []
        self._random = Random(seed)
        self._lock = Lock()

    def add(self, *faults: Fault) -> None:
        """Activate faults."""
        with self._lock:
            self._faults += faults

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults = []

    def for_request(self, method: str, path: str) -> list[Fault]:
        """Return the faults that apply to this request, and count them."""
        if not self._faults:
            return []
        with self._lock:
            return [fault for fault in self._faults if fault.applies_to(method, path, self._random)]
