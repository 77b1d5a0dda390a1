"""Decides for each stream whether the service's answers fit. The texts quote nothing but fields of the schemas.

A problem prevents the stream from being read, or loses a whole column. A warning does neither: it is unusual, or loses
single values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from powerschool_enrollment_api import NotFound, TemporaryFailure, UnexpectedAnswer, open_list, open_one
from powerschool_enrollment_api.envelope import integer_id
from powerschool_enrollment_survey.fields import (
    ObjectProfile,
    lost_values,
    named,
    profile_of,
    warnings_of_fields,
    warnings_of_ids,
)
from powerschool_enrollment_survey.paging import envelope_of, problems_of_paging, warnings_of_paging
from powerschool_enrollment_survey.plan import (
    DETAILS,
    UNKNOWN,
    Evidence,
    RecordEvidence,
    opened_list,
    opened_page,
    with_ids,
)
from powerschool_enrollment_survey.sending import Reply
from source_powerschool_enrollment.deliveries.batch_cursor import NAME as BATCHES
from source_powerschool_enrollment.deliveries.stream import NAME as DELIVERED_RECORDS
from source_powerschool_enrollment.documents.stream import NAME as DOCUMENTS
from source_powerschool_enrollment.record_types import schema_of

FITS, WITH_WARNINGS, NOT_FITTING, NOT_TESTED = "fits", "fits with warnings", "does not fit", "not tested"
_OPEN_BATCHES = "open_batches"
_UNKNOWN_SHAPE = "the answer has an unknown shape"


@dataclass
class Verdict:
    """What was found about a stream. `untested` is the reason why it was not tested, or empty."""

    stream: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    untested: str = ""

    @property
    def verdict(self) -> str:
        """Return the verdict in the report's words."""
        if self.problems:
            return NOT_FITTING
        if self.untested:
            return NOT_TESTED
        return WITH_WARNINGS if self.warnings else FITS


@dataclass(frozen=True)
class Judged:
    """The verdict of each stream, and the profile of the objects of each stream that showed any."""

    verdicts: dict[str, Verdict]
    profiles: dict[str, ObjectProfile]


def judge(evidence: Evidence) -> Judged:
    """Return the verdicts, in the order of the evidence's streams."""
    return _Judge(evidence).judged()


class _Judge:
    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._verdicts = {name: Verdict(name) for name in evidence.streams}
        self._profiles: dict[str, ObjectProfile] = {}

    def judged(self) -> Judged:
        for kind in self._evidence.records:
            self._record_stream(kind)
            self._detail_stream(kind)
        in_python = {DELIVERED_RECORDS, DOCUMENTS}
        of_records = {name for kind in self._evidence.records for name in (kind.stream, kind.details)}
        for name in self._verdicts.keys() - of_records - in_python:
            self._simple_stream(name, self._evidence.by_stream.get(name))
        self._open_batches()
        self._delivered_records()
        self._documents()
        if self._evidence.selects_unknown_forms:
            unlisted = "the option published_actions selects a form or year that the service does not list"
            warning = f"{unlisted}; all forms were surveyed"
            self._verdicts["published_actions"].warnings.append(warning)
        return Judged(self._verdicts, self._profiles)

    def _simple_stream(self, name: str, reply: Reply | None) -> None:
        verdict = self._verdicts[name]
        if reply is None:
            verdict.untested = "the service lists no parent object of this stream"
        elif not reply.was_sent:
            verdict.untested = reply.reason
        elif reply.error:
            verdict.problems.append(reply.reason)
        else:
            self._judge_objects(verdict, reply)

    def _judge_objects(self, verdict: Verdict, reply: Reply) -> None:
        """Judge the objects of an answer: those of a list, or the one of a detail stream."""
        verdict.warnings += _repairs([reply])
        try:
            if verdict.stream.endswith("_details"):
                one = open_one(reply.payload)
                objects = [] if one is None else [one]
            else:
                objects = open_list(reply.payload)
        except UnexpectedAnswer:
            verdict.problems.append(_UNKNOWN_SHAPE)
            return
        self._add_objects(verdict, objects)

    def _add_objects(self, verdict: Verdict, objects: list[dict[str, Any]]) -> None:
        if not objects:
            verdict.untested = "the service shows no object"
            return
        profile = profile_of(objects, schema_of(verdict.stream))
        self._profiles[verdict.stream] = profile
        usable = with_ids(verdict.stream, objects)
        if not usable:
            verdict.problems.append(f"none of {len(objects)} objects has a usable id")
        verdict.warnings += warnings_of_ids(objects, usable)
        for is_whole_column, text in lost_values(verdict.stream, profile, usable):
            (verdict.problems if is_whole_column else verdict.warnings).append(text)
        verdict.warnings += warnings_of_fields(verdict.stream, profile)

    def _record_stream(self, kind: RecordEvidence) -> None:
        verdict = self._verdicts[kind.stream]
        replies = list(kind.first_pages.values())
        sent = [reply for reply in replies if reply.was_sent]
        failed = [reply for reply in sent if opened_page(reply) is None]
        reasons = sorted({reply.reason or _UNKNOWN_SHAPE for reply in failed})
        if not sent:
            verdict.untested = replies[0].reason if replies else "the service lists no form"
            return
        if len(failed) == len(sent):
            verdict.problems += reasons
            return
        verdict.warnings += [f"{len(failed)} of {len(sent)} forms: {reason}" for reason in reasons]
        verdict.warnings += _repairs([*replies, *kind.by_size.values()])
        verdict.warnings += _warnings_of_envelopes([*sent, *kind.by_size.values()])
        verdict.problems += problems_of_paging(kind)
        verdict.warnings += warnings_of_paging(kind)
        self._add_objects(verdict, [record for page in kind.pages for record in page.records])

    def _detail_stream(self, kind: RecordEvidence) -> None:
        verdict, reply = self._verdicts[kind.details], kind.replies.get(DETAILS)
        if reply is None:
            verdict.untested = "no record was found"
            return
        self._simple_stream(kind.details, reply)
        if not reply.is_answered or verdict.problems:
            return
        if verdict.untested:
            verdict.problems.append("a listed record has no details")
            return
        self._compare_with_list(kind, verdict, reply)
        verdict.warnings += _warnings_of_unknown_id(kind.replies.get(UNKNOWN))

    def _compare_with_list(self, kind: RecordEvidence, verdict: Verdict, reply: Reply) -> None:
        shown = integer_id((open_one(reply.payload) or {}).get("id"))
        listed = next((r for page in kind.pages for r in page.records if integer_id(r.get("id")) == shown), None)
        if listed is None:
            verdict.problems.append("the details are those of another record")
            return
        more = [
            name for name in self._profiles[kind.details].expected if name not in self._profiles[kind.details].missing
        ]
        absent = [name for name in more if name in self._profiles[kind.stream].missing]
        if absent:
            text = f"only the details have {named(absent)}: read the stream {kind.details} too"
            self._verdicts[kind.stream].warnings.append(text)

    def _open_batches(self) -> None:
        verdict, reply = self._verdicts[_OPEN_BATCHES], self._evidence.by_stream.get(_OPEN_BATCHES)
        joined = [reply for route, reply in self._evidence.routes.items() if route.endswith("}true")]
        if verdict.problems and any(other.is_answered for other in joined):
            verdict.problems.append("the service accepts the flag only directly after the date, as `{date}true`")
        batches = opened_list(self._evidence.by_stream.get(BATCHES))
        if len(batches) > 1 and batches == opened_list(reply):
            verdict.warnings.append("every batch is listed as open: the service may ignore the flag")

    def _delivered_records(self) -> None:
        verdict, batches = self._verdicts[DELIVERED_RECORDS], self._verdicts[BATCHES]
        if batches.problems:
            verdict.problems.append("it needs the list of batches, which does not fit")
        verdict.untested = batches.untested or "its request would mark records as delivered"

    def _documents(self) -> None:
        verdict, replies = self._verdicts[DOCUMENTS], self._evidence.documents
        if not replies:
            verdict.untested = (
                "name a data item of documents with --document"
                if replies is None
                else "no submission record that was read has a value in the data item"
            )
            return
        without_name, with_name = replies
        if not without_name.was_sent:
            verdict.untested = without_name.reason
        elif isinstance(without_name.error, NotFound):
            verdict.warnings.append("the service does not find the document: is it the right data item?")
        elif without_name.error:
            verdict.problems.append(f"address of a document: {without_name.reason}")
        if with_name.was_sent and with_name.error:
            verdict.warnings.append(f"address of a document with a file name: {with_name.reason}")


def _warnings_of_envelopes(replies: Iterable[Reply]) -> Iterator[str]:
    envelopes = {envelope_of(reply.payload) for reply in replies if opened_page(reply) and reply.payload}
    if not all(envelope.is_known for envelope in envelopes):
        yield "pages have neither the documented nor the observed shape, but can be read"
    if len(envelopes) > 1:
        yield "pages have different shapes"


def _warnings_of_unknown_id(reply: Reply | None) -> Iterator[str]:
    """Yield a warning unless an unknown id is answered with 404 or an empty list, which mean a removed record."""
    if reply is None or not reply.was_sent or isinstance(reply.error, NotFound) or reply.payload == []:
        return
    if isinstance(reply.error, TemporaryFailure):
        yield f"an unknown id: {reply.reason}; a record removed during a sync is requested again for ten minutes"
    else:
        yield f"an unknown id: {reply.reason or 'the service shows an object'}; 404 is expected"


def _repairs(replies: Iterable[Reply]) -> Iterator[str]:
    found = Counter[str]()
    for reply in replies:
        for repairs in reply.repairs:
            found.update(repairs.counts)
    if found:
        yield f"answers were repaired: {'; '.join(f'{number} {kind}' for kind, number in sorted(found.items()))}"
