"""Downloads documents from the storage that their addresses point to. The storage must never receive the API key.

| The storage answers | Meaning |
|---|---|
| 200 | the document |
| 403 | AddressExpired |
| 404, 410 | NotFound |
| 3xx | StorageRefused (redirects are not followed) |
| 408, 429, 5xx, time-out, body cut short, not complete within an hour | StorageFault |
| no connection to the storage, or through the proxy, or a connection that ends before the answer | StorageUnreachable |
| more bytes than allowed | DocumentTooLarge |
| any other status, an untrusted certificate | StorageRefused |
| (the environment names a certificate bundle or a proxy that cannot be used) | WrongEnvironment |

No error contains any part of the address, because the address gives access to the document.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from threading import BoundedSemaphore
from typing import TypeVar

import requests
from urllib3.exceptions import HTTPError, LocationValueError

from powerschool_enrollment_api.answer_limits import LimitedAdapter, stated_length
from powerschool_enrollment_api.connection_errors import describe_connection_failure, failure_of_environment
from powerschool_enrollment_api.documents import DocumentAddress
from powerschool_enrollment_api.errors import EnrollmentError, NotFound, TemporaryFailure, Unreachable, WrongEnvironment
from powerschool_enrollment_api.http_session import StrictSession, WithoutCredentials
from powerschool_enrollment_api.retry import RetryPolicy
from powerschool_enrollment_api.settings import ConnectionSettings, Timeouts

_WHERE = "GET a document from its storage"
_CHUNK = 1024 * 1024

Argument = TypeVar("Argument")
Fetched = TypeVar("Fetched")


class StorageFault(TemporaryFailure):
    """The storage did not send the complete document. A new address may help."""


class StorageUnreachable(StorageFault, Unreachable):
    """No connection to the storage could be established."""


class StorageNeverReached(WrongEnvironment):
    """No connection to the storage was ever established: most likely the network does not allow it."""

    guidance = (
        "Let this machine's network (name servers, firewall, proxy) reach the hosts that documents are stored on, "
        "*.blob.core.windows.net, or read without files."
    )


class AddressExpired(EnrollmentError):
    """403: the address has expired, or does not give access to the document."""

    guidance = (
        "If it lasts, check this machine's clock, and ask PowerSchool whether its document storage accepts this "
        "machine's network."
    )


class StorageRefused(EnrollmentError):
    """The storage refuses the request. The document's id is not the reason: the service accepted it."""


class DocumentTooLarge(EnrollmentError):
    """The document has more bytes than the platform transfers."""


class DocumentStorage:
    """Reads documents as streams. Safe to share between threads: one connection pool, without the key.

    Acquire one of `connections` before requesting an address. Otherwise the address may expire while its thread waits
    for a connection.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        timeouts: Timeouts | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeouts = timeouts or Timeouts.from_environment()
        self._retries = RetryPolicy(self._timeouts, clock, sleep)
        self._session = _session(settings, self._timeouts)
        self.connections = BoundedSemaphore(settings.num_workers)

    def presume_reachable(self) -> None:
        """Assume that the network allows connections to the storage, because an earlier sync reached it."""
        self._retries.was_reached = True

    def retry(self, fetch: Callable[[Argument], Fetched], argument: Argument) -> Fetched:
        """Return `fetch(argument)`, called again after each StorageFault until the deadline.

        `fetch` requests a new address in each call.

        Raises an EnrollmentError of the table above, or StorageNeverReached.
        """
        try:
            return self._retries.after(_is_storage_fault)(fetch, argument)
        except StorageUnreachable as fault:
            if self._retries.was_reached:
                raise
            raise StorageNeverReached(fault.message, fault.where) from None

    def read(self, address: DocumentAddress, limit: int) -> Generator[bytes]:
        """Yield the document's bytes, as they arrive. Raises an EnrollmentError of the table above."""
        timeout = (self._timeouts.connect, self._timeouts.read)
        is_answered = False
        try:
            with self._session.get(address.url, stream=True, timeout=timeout) as response:
                self._retries.was_reached = is_answered = True
                _refuse_all_but_a_document(response, limit)
                size = 0
                for chunk in response.iter_content(_CHUNK):
                    size += len(chunk)
                    _refuse_larger(size, limit)
                    yield chunk
        except StorageFault:
            raise
        except TemporaryFailure as fault:  # the deadline has passed
            raise StorageFault(fault.message, _WHERE) from None
        except (OSError, HTTPError) as error:  # the caller's errors, such as a full disk, are raised in the caller
            raise _failure_of_exception(error, self._timeouts.connect, is_answered=is_answered) from None


def _session(settings: ConnectionSettings, timeouts: Timeouts) -> StrictSession:
    adapter = LimitedAdapter(
        timeouts.document, math.inf, pool_connections=4, pool_maxsize=settings.num_workers, pool_block=True
    )
    return StrictSession(adapter, WithoutCredentials(), {"Accept-Encoding": "identity"})


def _refuse_all_but_a_document(response: requests.Response, limit: int) -> None:
    status = response.status_code
    if status == requests.codes.ok:
        _refuse_larger(stated_length(response), limit)
        return
    if status == 403:
        raise AddressExpired("the storage refuses the address.", _WHERE, status)
    if status in {404, 410}:
        raise NotFound("not found.", _WHERE, status)
    if status in {408, 429} or status >= 500:
        raise StorageFault(f"the storage failed with status {status}.", _WHERE, status)
    if 300 <= status < 400:
        raise StorageRefused("the storage redirects elsewhere; redirects are not followed.", _WHERE, status)
    raise StorageRefused(f"the storage refused the request with status {status}.", _WHERE, status)


def _refuse_larger(size: float, limit: int) -> None:
    if size > limit:
        raise DocumentTooLarge(f"the document is larger than {limit} bytes.", _WHERE)


def _is_storage_fault(error: BaseException) -> bool:
    return isinstance(error, StorageFault)


def _failure_of_exception(error: OSError | HTTPError, connect_timeout: float, *, is_answered: bool) -> EnrollmentError:
    """Return the error for an exception of a transfer, without the exception's text, which contains the address."""
    if failure := failure_of_environment(error, _WHERE):
        return failure
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return StorageRefused("the storage's certificate is not trusted.", _WHERE)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, LocationValueError)):
        return StorageRefused("the document's address is not a valid URL.", _WHERE)
    if description := describe_connection_failure(error, "the storage's host", connect_timeout):
        return StorageUnreachable(description, _WHERE)
    if not is_answered and not isinstance(error, requests.exceptions.ReadTimeout):
        # A firewall or proxy that inspects the destination of a connection does this.
        return StorageUnreachable("the connection to the storage's host is cut off before an answer arrives.", _WHERE)
    return StorageFault("the storage did not send the complete document.", _WHERE)
