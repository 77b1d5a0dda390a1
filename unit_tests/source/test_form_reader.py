"""Reading a form: all records on its pages are emitted, and pages in doubt are emitted again by the next sync."""

from contextlib import suppress

import pytest
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.types import Record
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from powerschool_enrollment_api import Client, ConnectionSettings, Page, RequestRefused
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.context import PublishedActionIds, SyncContext
from source_powerschool_enrollment.record_types import RecordTypes
from source_powerschool_enrollment.records.backpressure import Backlog
from source_powerschool_enrollment.records.form_reader import RecordStreamRead
from source_powerschool_enrollment.records.page_state import PageCursor, PageDigests, digest_of
from source_powerschool_enrollment.records.readers import RecordReaders
from source_powerschool_enrollment.records.row_estimate import RowEstimate

FORM = 30011
CONNECTION = ConnectionSettings("sandbox-key", "http://127.0.0.1:9")


class Repository:
    """A message repository that drops messages."""

    def emit_message(self, message):
        pass


class Answers:
    """Returns the answers for each page in order, and repeats the last one. Raises those that are exceptions."""

    def __init__(self, **pages):
        self._pages = {int(name.removeprefix("page_")): answers for name, answers in pages.items()}

    def path(self, form):
        return f"/publishedactions/{form}/rosterrecords"

    def read(self, form, number, *, opening):  # noqa: ARG002
        answers = self._pages[number]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        with opening():
            return Page(
                number, answer.size, answer.page_count, answer.record_count, [dict(record) for record in answer.records]
            )


def page(number, ids, record_count, page_count=None, **content):
    page_count = -(-record_count // 2) if page_count is None else page_count
    return Page(number, 2, page_count, record_count, [{"id": record_id, **content} for record_id in ids])


def stream_of(answers, digests=None):
    return RecordStreamRead(
        name="roster_records",
        pages=answers,
        sync=SyncContext(SourceConfig(CONNECTION), Client(CONNECTION)),
        types=RecordTypes({}),
        cursor=digests and PageCursor("roster_records", digests, ConnectorStateManager(), Repository()),
        estimate=RowEstimate("roster_records", Repository()),
        backlog=Backlog.of_pages(2),
    )


def emitted_by(stream, readers=1):
    """Run the readers one after the other, and return the ids of the emitted records. Failures are ignored."""
    emitted = []
    for reader in RecordReaders(stream, lambda: PublishedActionIds(frozenset([FORM]), (FORM,)), readers).generate():
        with suppress(AirbyteTracedException):
            emitted += [message.data["id"] for message in reader.read() if isinstance(message, Record)]
    return emitted


def test_page_whose_count_is_newer_than_its_records_is_emitted():
    answers = Answers(
        page_1=[page(1, [1, 2], 5), page(1, [2, 3], 4)],
        page_2=[page(2, [3, 4], 5), page(2, [4, 5], 4)],
        page_3=[page(3, [5], 4), page(3, [], 4)],
    )
    assert {2, 3, 4, 5} <= set(emitted_by(stream_of(answers)))


def test_records_beyond_the_record_count_are_emitted():
    one, two, three = (page(number, [7] if number == 1 else [], 0, page_count=0) for number in (1, 2, 3))
    answers = Answers(page_1=[one], page_2=[two], page_3=[three])
    assert emitted_by(stream_of(answers)) == [7]


@pytest.mark.parametrize(("one", "other"), [(-1, -2), (1, 1 + (1 << 61) - 1)])
def test_ids_with_equal_hashes_are_distinguished(one, other):
    answers = Answers(
        page_1=[page(1, [one, 5], 3), page(1, [one, 5], 4)], page_2=[page(2, [6], 4), page(2, [6, other], 4)]
    )
    assert {one, other} <= set(emitted_by(stream_of(answers)))


def test_pages_that_share_a_record_are_unknown_even_after_a_failure():
    digests = PageDigests("settings", {})
    answers = Answers(
        page_1=[page(1, [1, 2], 6, version="old")],
        page_2=[page(2, [2, 3], 6, version="new")],
        page_3=[RequestRefused("no.")],
    )
    emitted_by(stream_of(answers, digests))
    for number, ids, version in ((1, [1, 2], "old"), (2, [2, 3], "new")):
        shown = page(number, ids, 6, version=version).records
        assert not digests.knows(FORM, number, digest_of(shown))


def test_failure_of_the_first_page_keeps_the_digests_of_the_others():
    digests = PageDigests("settings", {})
    known = digest_of([{"id": 3}])
    digests.remember(FORM, 2, known)
    emitted_by(stream_of(Answers(page_1=[RequestRefused("no.")]), digests))
    assert digests.knows(FORM, 2, known)
