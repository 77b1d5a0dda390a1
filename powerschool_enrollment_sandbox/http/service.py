"""The state of the service, and the request that an endpoint receives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_sandbox.district.changes import Changes
from powerschool_enrollment_sandbox.district.clock import Clock
from powerschool_enrollment_sandbox.district.district import District
from powerschool_enrollment_sandbox.http.faults import Faults
from powerschool_enrollment_sandbox.http.journal import Journal, JournalEntry
from powerschool_enrollment_sandbox.http.responses import Answer
from powerschool_enrollment_sandbox.settings import Settings

# Python refuses to convert a text of some thousand digits to a number.
_MAXIMUM_DIGITS = 18

OnRequest = Callable[[JournalEntry], None]
OnAnswer = Callable[[JournalEntry, Any], Any]
OnResponse = Callable[[JournalEntry, Answer], "Answer | bytes"]


@dataclass
class Service:
    """The state that all requests share. Tests may change it while the server runs."""

    district: District
    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    changes: Changes = field(default_factory=Changes)
    journal: Journal = field(default_factory=Journal)
    on_request: OnRequest | None = None
    """Called in the server's thread before each request to a known path, with the right key, is answered."""
    on_answer: OnAnswer | None = None
    """Called with the JSON of each successful answer. Its result is sent instead; bytes are sent as they are."""
    on_response: OnResponse | None = None
    """Called with each answer of the API and the storage. Its result is sent instead; bytes are the raw HTTP answer."""


@dataclass(frozen=True)
class Call:
    """A request as endpoints receive it. The names in `query` are in lower case."""

    entry: JournalEntry
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    root_url: str

    @property
    def id(self) -> int:
        """Return the id in the path, or -1, which is not the id of any object, if it is not a number."""
        return self.number("id")

    def number(self, name: str) -> int:
        """Return a numeric path parameter, or -1 if it is not a number."""
        text = self.parameters[name]
        return int(text) if text.isdecimal() and len(text) <= _MAXIMUM_DIGITS else -1


Handler = Callable[[Service, Call], Answer]
