"""The errors of a request, distinguished by what must happen next.

    EnrollmentError
    ├── InvalidOption      an option is invalid                         → fix the configuration
    ├── WrongAddress       the address is not the service's             → fix `base_url`
    │   ├── NeverReached   no connection, and there never was one       → fix `base_url`, or the network
    │   └── Untrusted      the server's certificate is not trusted      → fix `base_url`, or trust its authority
    ├── WrongEnvironment   an environment variable cannot be used       → fix the variable
    ├── KeyRefused         the API key is refused                       → fix `api_key`
    ├── NotFound           no such id, or another customer's            → fix the id, or skip the record
    ├── RequestRefused     the service refuses the request              → a row is rejected, a stream fails
    ├── UnexpectedAnswer   JSON of an unknown shape, or broken twice    → a stream fails
    │   └── AlwaysTooLarge more bytes than are accepted, twice          → a stream fails
    └── TemporaryFailure   no usable answer, probably for a short time  → try again
        ├── BrokenAnswer   a complete body that is not JSON             → try again, once
        ├── AnswerTooLarge more bytes than the connectors accept        → try again, once
        ├── Unreachable    no connection could be established           → try again
        ├── Redirected     302, 303 or 307 at an address that worked    → try again
        └── RateLimited    429, or 403 with Retry-After                 → try again after a pause

`located` is the only place that adds the request to an error that was raised without it.

A message states what happened and where (method and path, never the query), `guidance` what to do next.
Neither of them contains a key, a record's value or a response body; the service's own `message` may be quoted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(eq=False)
class EnrollmentError(Exception):
    """The base class of all errors in this module.

    `where` is the method and path of the request (`GET /publishedactions`), `status` its HTTP status if
    there was an answer, `service_message` the `message` field of an error answer.
    """

    message: str
    where: str | None = None
    status: int | None = None
    service_message: str | None = None

    guidance = ""

    def __str__(self) -> str:
        """Return one line of text: where, what happened, the service's message, what to do next."""
        answered = f'The service answered: "{self.service_message}".' if self.service_message else ""
        happened = f"{self.where}: {self.message}" if self.where else self.message
        return " ".join(part for part in (happened, answered, self.guidance) if part)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Add `where` to each EnrollmentError that is raised inside without one.

    Code that opens an answer does not know its request; the caller does.
    """
    try:
        yield
    except EnrollmentError as error:
        if error.where is not None:
            raise
        raise replace(error, where=where) from None


class InvalidOption(EnrollmentError):
    """An option, a file of the command line or a selected stream is invalid, or names something that does not exist."""


class WrongAddress(EnrollmentError):
    """The address in `base_url` is not one of this service."""

    guidance = "Check the option base_url: it ends in /v1, for example https://registration.powerschool.com/api/v1."


class NeverReached(WrongAddress):
    """No connection to the address was possible, and there was none before."""

    guidance = "Check the option base_url, and this machine's network (name servers, firewall, proxy) and clock."


class Untrusted(WrongAddress):
    """The certificate of the server at the address is not trusted."""

    guidance = (
        "Check the option base_url. If a proxy or firewall inspects connections, set the environment variable "
        "REQUESTS_CA_BUNDLE to a file that contains its certificate authority."
    )


class WrongEnvironment(EnrollmentError):
    """The certificate bundle or the proxy that the environment names cannot be used."""

    guidance = "Correct the environment variable, or unset it."


class KeyRefused(EnrollmentError):
    """The service does not accept the API key (documented as "Unauthorized(500)"; 401 and 403 occur too)."""

    guidance = "Check the option api_key: copy the key again from what PowerSchool provided."


class NotFound(EnrollmentError):
    """404: what the path names does not exist, or belongs to another customer."""


class RequestRefused(EnrollmentError):
    """400, 409, 422 or another 4xx: the service understood the request and refuses it."""


class UnexpectedAnswer(EnrollmentError):
    """The answer has neither a documented nor an observed shape, or is the same broken JSON a second time."""

    guidance = "The service may have changed its format; please report this with the path."


class AlwaysTooLarge(UnexpectedAnswer):
    """An answer with more bytes than the connectors accept, a second time."""

    guidance = "Lower the option page_size if the path is read in pages, and report this with the path."


@dataclass(eq=False)
class TemporaryFailure(EnrollmentError):
    """A 5xx, a time-out, a lost connection, a body cut short, HTML or nothing where JSON is expected.

    `arrived` is False if the request is known not to have reached the service, or not to have been processed.
    A retry is safe then, even if the request is not idempotent. `retry_after` is in seconds.
    """

    arrived: bool = True
    retry_after: float | None = None

    guidance = "If it lasts, ask PowerSchool whether the service is down."


@dataclass(eq=False)
class BrokenAnswer(TemporaryFailure):
    """A complete body that is not JSON. If a retry returns the same body, the fault is permanent: see `repeated`.

    `offset` is the byte at which parsing failed, None if the body is nested too deeply. `fingerprint` is equal for
    equal bodies.
    """

    offset: int | None = None
    fingerprint: int = 0

    def repeated(self, page: str) -> UnexpectedAnswer:
        """Return the error for the second answer with this body. `page` is `Page 3: `, or empty."""
        wrong = "nested too deeply" if self.offset is None else f"not JSON from byte {self.offset} on"
        return UnexpectedAnswer(f"{page}the body is {wrong}, in two equal answers.", self.where, self.status)


class AnswerTooLarge(TemporaryFailure):
    """An answer with more bytes, on the wire or expanded, than the connectors accept.

    If the answer to a retry is too large as well, the fault is permanent: see `repeated`.
    """

    guidance = AlwaysTooLarge.guidance
    fingerprint = 0  # reading stops at the limit, so the bodies cannot be compared

    def repeated(self, page: str) -> AlwaysTooLarge:
        """Return the error for the second answer that is too large. `page` is `Page 3: `, or empty."""
        return AlwaysTooLarge(f"{page}{self.message.rstrip('.')}, twice.", self.where, self.status)


class Unreachable(TemporaryFailure):
    """No connection: the name is not resolved, the host refuses or does not answer, the proxy or TLS fails."""

    guidance = (
        "If it lasts, check this machine's network (name servers, firewall, proxy), "
        "and ask PowerSchool whether the service is down."
    )


class Redirected(TemporaryFailure):
    """302, 303 or 307 from an address that answered before, as to a maintenance page. It is not followed."""

    guidance = "If it lasts, ask PowerSchool whether the service is down, or has a new address for the option base_url."


class RateLimited(TemporaryFailure):
    """429, or 403 with `Retry-After`: more requests than the service allows."""

    guidance = "Lower the options requests_per_minute or num_workers if this happens again."
