"""Collects what a report contains, as JSON: texts of this program, fields of the schemas, and numbers.

A number that the service sent is shown only if it describes the service: statuses, page sizes, rate limits. The number
of records is shown as a power of ten.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib.metadata import version
from statistics import median
from typing import Any

from powerschool_enrollment_api import DEFAULT_BASE_URL, RateLimited, TemporaryFailure
from powerschool_enrollment_api.documents import DocumentAddress
from powerschool_enrollment_survey.fields import FieldProfile, ObjectProfile, printable_name
from powerschool_enrollment_survey.paging import beyond_last, envelope_of, order_of
from powerschool_enrollment_survey.plan import (
    BEYOND_LAST,
    DETAILS,
    PAGE_SIZES,
    Evidence,
    RecordEvidence,
    opened_page,
)
from powerschool_enrollment_survey.sending import MOST_REQUESTS, Reply
from powerschool_enrollment_survey.verdicts import FITS, NOT_FITTING, Judged
from source_powerschool_enrollment.config import SourceConfig

Facts = dict[str, Any]

_PACKAGE = "airbyte-powerschool-enrollment"
_ADDRESSES = {DEFAULT_BASE_URL: "the default one", "https://secure.infosnap.com/api/v1": "the documented one"}
_LARGEST_PAGE = 10_000
_LONGEST_NUMBER = 5  # digits of a header's value
_LIMITS = ("Limit", "Remaining", "Reset")
_NUMBER_HEADERS = ("Retry-After", *(f"{prefix}RateLimit-{each}" for prefix in ("", "X-") for each in _LIMITS))
_WORD_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Encoding": ("gzip", "deflate"),
    "Content-Type": ("application/json", "text/json", "text/plain", "text/html"),
}
_SLOW = 2  # seconds
_LARGE_PAGE, _SLOW_PAGE = 8 * 1024 * 1024, 5  # bytes, seconds
_CLOCKS = ((5, "the same within 5 s"), (60, "up to a minute"), (3600, "up to an hour"), (86_400, "up to a day"))


def facts_of(
    config: SourceConfig, evidence: Evidence, judged: Judged, log: list[Reply], *, with_names: bool = False
) -> Facts:
    """Return the report. With `with_names`, it names the data items and the fields that are new."""
    return {
        "version": version(_PACKAGE),
        "date": date.today().isoformat(),  # noqa: DTZ011 - the user's date
        "address": _ADDRESSES.get(config.connection.base_url, "another one"),
        "has_record_search": bool(config.record_search),
        "requests": {"sent": len(log), "most": MOST_REQUESTS},
        "check": _check(evidence.connection),
        "verdicts": [
            {"stream": each.stream, "verdict": each.verdict, "reasons": _reasons(each)}
            for each in judged.verdicts.values()
        ],
        "suggested": _suggested(evidence, log),
        "endpoints": list(_endpoints(log)),
        "record_lists": [_record_list(kind) for kind in evidence.records],
        "batch_lists": {route: reply.reason or "answered" for route, reply in evidence.routes.items()},
        "document_addresses": [_document(reply) for reply in evidence.documents or []],
        "headers": _headers(log),
        "latency": _latency(log),
        "clock": _clock(log),
        "fields": {
            stream: _fields(judged.profiles[stream], with_names=with_names)
            for stream in judged.verdicts
            if stream in judged.profiles
        },
    }


def _check(connection: Reply) -> Facts:
    """Return the verdict on the connection check. If /connection/test fails, no sync starts."""
    reasons = [f"/connection/test: {connection.reason}"] if connection.reason else []
    return {"verdict": NOT_FITTING if reasons else FITS, "reasons": reasons}


def _reasons(verdict: Any) -> list[str]:
    return [*verdict.problems, *verdict.warnings, *([verdict.untested] if verdict.untested else [])]


def _endpoints(log: Iterable[Reply]) -> Iterator[Facts]:
    by_endpoint: dict[str, list[Reply]] = {}
    for reply in log:
        by_endpoint.setdefault(reply.endpoint, []).append(reply)
    for endpoint, replies in sorted(by_endpoint.items()):
        outcomes = Counter(reply.reason or "answered" for reply in replies)
        statuses = sorted({reply.status for reply in replies if reply.status})
        yield {"endpoint": endpoint, "requests": len(replies), "statuses": statuses, "outcomes": dict(outcomes)}


def _record_list(kind: RecordEvidence) -> Facts:
    replies = [*kind.first_pages.values(), *kind.by_size.values()]
    envelopes = {envelope_of(reply.payload): None for reply in replies if reply.is_answered}
    details = kind.replies.get(DETAILS)
    counts = [page.record_count for page in map(opened_page, kind.first_pages.values()) if page]
    return {
        "stream": kind.stream,
        "forms": len(kind.first_pages),
        "records_of_largest_form": _power_of_ten(max(counts, default=0)),
        "envelopes": [
            {"shape": each.shape, "metadata": each.metadata, "unknown_keys": each.unknown_keys} for each in envelopes
        ],
        "page_sizes": {str(requested): _answered_size(reply) for requested, reply in kind.by_size.items()},
        "order_of_ids": order_of(kind),
        "beyond_last_page": beyond_last(kind.replies.get(BEYOND_LAST)),
        "details": envelope_of(details.payload).shape if details and details.is_answered else "not answered",
    }


def _answered_size(reply: Reply) -> int | str:
    page = opened_page(reply)
    if page is None:
        return reply.reason or "an unknown shape"
    return page.size if page.size <= _LARGEST_PAGE else f"over {_LARGEST_PAGE}"


def _power_of_ten(number: int) -> str:
    return f"at most {10 ** max(1, math.ceil(math.log10(number))):,}" if number else "0"


def _document(reply: Reply) -> Facts:
    address = reply.payload
    if not isinstance(address, DocumentAddress):
        return {"endpoint": reply.endpoint, "answer": reply.reason}
    expires = "states when it expires" if address.expires_at else "does not state when it expires"
    return {"endpoint": reply.endpoint, "answer": "JSON string" if address.is_json else "text", "address": expires}


def _headers(log: Iterable[Reply]) -> dict[str, list[str]]:
    """Return the values of the headers that matter, if they are words or numbers that such a header can have."""
    headers = [reply.headers for reply in log if reply.headers]
    seen = {name: {_number(each[name]) for each in headers if name in each} for name in _NUMBER_HEADERS}
    for name, words in _WORD_HEADERS.items():
        values = {each.get(name, "").partition(";")[0].strip().lower() for each in headers}
        seen[name] = {"none" if not value else value if value in words else "another" for value in values}
    pauses = {
        f"{fault.retry_after:.0f}"
        for reply in log
        if isinstance(fault := reply.error, TemporaryFailure) and fault.retry_after
    }
    seen["Retry-After"] |= {_number(text) for text in pauses}
    return {name: sorted(values) for name, values in seen.items() if values}


def _number(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else "another value"


def _latency(log: Iterable[Reply]) -> Facts:
    """Return median and 95th percentile of the time until an answer began, in milliseconds."""
    seconds = sorted(reply.seconds for reply in log if reply.seconds is not None)
    if not seconds:
        return {"answers": 0}
    slow = seconds[math.ceil(0.95 * len(seconds)) - 1]
    return {"answers": len(seconds), "median_ms": round(1000 * median(seconds)), "p95_ms": round(1000 * slow)}


def _clock(log: Iterable[Reply]) -> str:
    ahead = [reply.ahead for reply in log if reply.ahead is not None]
    if not ahead:
        return "unknown"
    seconds = median(ahead)
    distance = next((words for most, words in _CLOCKS if abs(seconds) <= most), "more than a day")
    return distance if abs(seconds) <= _CLOCKS[0][0] else f"{distance} {'ahead' if seconds > 0 else 'behind'}"


def _suggested(evidence: Evidence, log: list[Reply]) -> Facts:
    faults = [reply.error for reply in log if isinstance(reply.error, TemporaryFailure)]
    is_slow = _latency(log).get("p95_ms", 0) > 1000 * _SLOW
    asked_to_slow_down = any(isinstance(fault, RateLimited) for fault in faults)
    return {
        "page_size": _suggested_page_size(evidence),
        "num_workers": 2 if asked_to_slow_down else 4 if faults or is_slow else 8,
    }


def _suggested_page_size(evidence: Evidence) -> int:
    """Return the largest answered page size for which no answer was slow or large, or 100."""
    usable = [100]
    for size in PAGE_SIZES:
        replies = [kind.by_size[size] for kind in evidence.records if size in kind.by_size]
        pages = [page for page in map(opened_page, replies) if page]
        is_fast = all((reply.seconds or 0) <= _SLOW_PAGE and reply.size <= _LARGE_PAGE for reply in replies)
        if pages and len(pages) == len(replies) and is_fast:
            usable.append(min(page.size for page in pages))
    answered = usable[1:] or usable
    return min(max(*answered, 1), PAGE_SIZES[-1])


def _fields(profile: ObjectProfile, *, with_names: bool) -> Facts:
    missing = set(profile.missing)
    rows = [_row(path, "missing" if path in missing else "expected", seen) for path, seen in profile.expected.items()]
    if with_names:
        rows += [_row(_shown(path), "new", seen) for path, seen in sorted(profile.new.items())]
    groups = {}
    for path, names in profile.groups.items():
        groups[path] = {"names": len(names), **_shares(_total(names.values()))}
        if with_names:
            rows += [
                _row(f"{path}.{printable_name(name)}", "in the form", seen) for name, seen in sorted(names.items())
            ]
    return {"objects": profile.objects, "new": len(profile.new), "rows": rows, "groups": groups}


def _shown(path: str) -> str:
    prefix, dot, name = path.rpartition("[].")
    return f"{prefix}{dot}{printable_name(name)}"


def _row(path: str, state: str, seen: FieldProfile) -> Facts:
    return {"field": path, "state": state, **_shares(seen)}


def _total(profiles: Iterable[FieldProfile]) -> FieldProfile:
    total = FieldProfile()
    for each in profiles:
        total.present += each.present
        total.nulls += each.nulls
        total.empties += each.empties
        total.types += each.types
        total.formats += each.formats
        total.lengths += each.lengths
    return total


def _shares(seen: FieldProfile) -> Facts:
    """Return percentages: of objects that have the field, of its values, and of its texts that are not empty."""
    return {
        "present": _percent(seen.present, seen.objects) if seen.objects else None,
        "null": _percent(seen.nulls, seen.present),
        "empty": _percent(seen.empties, seen.present),
        "types": _percentages(seen.types),
        "formats": _percentages(seen.formats),
        "lengths": _percentages(seen.lengths),
    }


def _percentages(counts: Counter[str]) -> dict[str, int]:
    return {name: _percent(number, counts.total()) for name, number in counts.most_common()}


def _percent(number: int, total: int) -> int:
    """Return a percentage. It is 0 only for none, and 100 only for all."""
    if number in {0, total}:
        return 100 if number else 0
    return min(99, max(1, round(100 * number / total)))
