"""Writes the facts of a survey as Markdown, for people and for an issue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from powerschool_enrollment_survey.facts import Facts

_FIELD_HEADER = ("Field", "", "Present", "Null", "Empty", "Types", "Formats of texts", "Lengths of texts")


def markdown_of(facts: Facts) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(facts))


def _lines(facts: Facts) -> Iterator[str]:
    requests, suggested = facts["requests"], facts["suggested"]
    yield "# Survey of a PowerSchool Enrollment service"
    yield ""
    search = "with the option record_search" if facts["has_record_search"] else "without record_search"
    yield f"Version {facts['version']}, {facts['date']}, {requests['sent']} GET requests of at most {requests['most']}."
    yield f"Address: {facts['address']}. Records: {search}."
    yield "This report contains no value of a record, no id, no title, no address and no key."
    verdicts = [{"stream": "check", **facts["check"]}, *facts["verdicts"]]
    yield from _section("Verdicts", ("Stream", "Verdict", "Why"), map(_verdict, verdicts))
    yield from ("", f"Suggested: `page_size` {suggested['page_size']}, `num_workers` {suggested['num_workers']}.")
    yield from _section("Endpoints", ("Endpoint", "Requests", "Status", "Outcome"), map(_endpoint, facts["endpoints"]))
    yield from _section("Record lists", ("", *(each["stream"] for each in facts["record_lists"])), _record_lists(facts))
    yield from _section("Other answers", ("", ""), _other_answers(facts))
    for stream, fields in facts["fields"].items():
        yield from _section(f"Fields of {stream}", _FIELD_HEADER, _field_rows(fields))
        yield from ("", f"{fields['objects']} objects. New fields: {fields['new']}.")


def _section(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## {title}", "", _line(header), _line("---" for _ in header))
    yield from map(_line, rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _verdict(verdict: Facts) -> Sequence[str]:
    return f"`{verdict['stream']}`", f"**{verdict['verdict']}**", "; ".join(verdict["reasons"])


def _endpoint(endpoint: Facts) -> Sequence[str]:
    outcomes = endpoint["outcomes"]
    shown = next(iter(outcomes)) if len(outcomes) == 1 else _counted(outcomes)
    return f"`{endpoint['endpoint']}`", str(endpoint["requests"]), _listed(endpoint["statuses"]), shown


def _record_lists(facts: Facts) -> Iterator[Sequence[str]]:
    lists = facts["record_lists"]
    yield "requested forms", *(str(each["forms"]) for each in lists)
    yield "records of the largest one", *(each["records_of_largest_form"] for each in lists)
    yield "shape of a page", *(_listed(map(_envelope, each["envelopes"])) for each in lists)
    yield "shape of details", *(each["details"] for each in lists)
    for size in dict.fromkeys(size for each in lists for size in each["page_sizes"]):
        yield f"`pageSize` for {size}", *(str(each["page_sizes"].get(size, "")) for each in lists)
    yield "order of ids", *(each["order_of_ids"] for each in lists)
    yield "page beyond the last one", *(each["beyond_last_page"] for each in lists)


def _envelope(envelope: Facts) -> str:
    unknown = envelope["unknown_keys"]
    return f"{envelope['shape']}, key `{envelope['metadata']}`{f', {unknown} unknown keys' if unknown else ''}"


def _other_answers(facts: Facts) -> Iterator[Sequence[str]]:
    for route, answer in facts["batch_lists"].items():
        yield f"`{route}`", answer
    for document in facts["document_addresses"]:
        yield f"`{document['endpoint']}`", ", ".join(filter(None, (document["answer"], document.get("address"))))
    for name, values in facts["headers"].items():
        yield f"header `{name}`", _listed(values)
    latency = facts["latency"]
    if latency["answers"]:
        yield "time until an answer", f"median {latency['median_ms']} ms, 95 % within {latency['p95_ms']} ms"
    yield "the service's clock", facts["clock"]


def _field_rows(fields: Facts) -> Iterator[Sequence[str]]:
    for row in fields["rows"]:
        yield f"`{row['field']}`", row["state"], *_cells(row)
    for path, group in fields["groups"].items():
        yield f"in `{path}`", f"{group['names']} names", *_cells(group)


def _cells(shares: Facts) -> Sequence[str]:
    present = "" if shares["present"] is None else f"{shares['present']} %"
    by_class = (_shares(shares[name]) for name in ("types", "formats", "lengths"))
    return present, f"{shares['null']} %", f"{shares['empty']} %", *by_class


def _shares(shares: Mapping[str, int]) -> str:
    return ", ".join(name if share == 100 else f"{name} {share} %" for name, share in shares.items())


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} times: {name}" for name, number in counts.items())


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))
