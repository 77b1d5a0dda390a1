"""Reading pages of a form: what they show is emitted even if the count is wrong, and doubts are remembered."""

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
    def emit_message(self, message):
        pass


class Answers:
    """Answers each page from its own list, the last of them ever again; an exception is raised."""

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
                number, answer.size, answer.page_count, answer.record_count, [dict(one) for one in answer.records]
            )


def page(number, ids, record_count, page_count=None, **content):
    page_count = -(-record_count // 2) if page_count is None else page_count
    return Page(number, 2, page_count, record_count, [{"id": one, **content} for one in ids])


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


def sent_by(stream, readers=1):
    """Run the readers one after the other, and return the ids of the records emitted. Failures are ignored."""
    sent = []
    for reader in RecordReaders(stream, lambda: PublishedActionIds(frozenset([FORM]), (FORM,)), readers).generate():
        with suppress(AirbyteTracedException):
            sent += [message.data["id"] for message in reader.read() if isinstance(message, Record)]
    return sent


def test_page_listed_before_a_removal_and_counted_after_it_is_emitted():
    answers = Answers(
        page_1=[page(1, [1, 2], 5), page(1, [2, 3], 4)],
        page_2=[page(2, [3, 4], 5), page(2, [4, 5], 4)],
        page_3=[page(3, [5], 4), page(3, [], 4)],
    )
    assert {2, 3, 4, 5} <= set(sent_by(stream_of(answers)))


def test_records_beyond_the_record_count_are_emitted():
    assert sent_by(stream_of(Answers(page_1=[page(1, [7], 0, page_count=0)]))) == [7]


@pytest.mark.parametrize(("one", "other"), [(-1, -2), (1, 1 + (1 << 61) - 1)])
def test_similar_ids_are_distinguished(one, other):
    answers = Answers(
        page_1=[page(1, [one, 5], 3), page(1, [one, 5], 4)], page_2=[page(2, [6], 4), page(2, [6, other], 4)]
    )
    assert {one, other} <= set(sent_by(stream_of(answers)))


def test_pages_that_share_a_record_are_sent_again_by_the_next_sync_even_if_this_one_fails():
    digests = PageDigests("settings", {})
    answers = Answers(
        page_1=[page(1, [1, 2], 6, version="old")],
        page_2=[page(2, [2, 3], 6, version="new")],
        page_3=[RequestRefused("no.")],
    )
    sent_by(stream_of(answers, digests))
    for number, ids, version in ((1, [1, 2], "old"), (2, [2, 3], "new")):
        shown = page(number, ids, 6, version=version).records
        assert not digests.knows(FORM, number, digest_of(shown))


def test_a_first_page_that_fails_leaves_what_is_known_of_the_others():
    digests = PageDigests("settings", {})
    known = digest_of([{"id": 3}])
    digests.remember(FORM, 2, known)
    sent_by(stream_of(Answers(page_1=[RequestRefused("no.")]), digests))
    assert digests.knows(FORM, 2, known)
