import threading
from functools import partial

import pytest

from destination_powerschool_enrollment.config import SkipRejectedRow
from destination_powerschool_enrollment.ordered_queue import RowsToSendAgain
from destination_powerschool_enrollment.protocol import RowMessage
from destination_powerschool_enrollment.row_report import RowReport
from destination_powerschool_enrollment.send_row import Outcome, RowResult
from destination_powerschool_enrollment.state_tracker import StateTracker
from destination_powerschool_enrollment.writer import OutcomeRecorders, SendTask, Writer


def kept_of(*added, **settings):
    kept = RowsToSendAgain(**settings)
    for key, row, was_repeated in added:
        kept.add(key, row, was_repeated=was_repeated)
    return kept


def test_last_row_of_a_key_is_sent_again_if_an_earlier_one_was_repeated():
    kept = kept_of(("a", 1, True), ("b", 2, False), ("a", 3, False), ("a", 4, False), ("b", 5, False))
    assert kept.rows() == [4]


def test_repeated_row_that_is_the_last_of_its_key_is_not_sent_again():
    assert kept_of(("a", 1, False), ("a", 2, True)).rows() == []


def test_number_of_kept_keys_is_limited():
    kept = kept_of(("a", 1, True), ("b", 2, True), ("b", 3, True), ("a", 4, False), most_keys=1)
    assert kept.rows() == [4]
    assert kept.forgotten == 2


def test_exception_while_rows_are_sent_again_ends_the_waits_of_the_others():
    stop, both, attempts, was_stopped = threading.Event(), threading.Barrier(2, timeout=20), [], []

    def send(student):
        attempts.append(student)
        if attempts.count(student) == 3:
            both.wait()
            if student == "a":
                raise ZeroDivisionError
            was_stopped.append(stop.wait(20))  # between two attempts, during an outage
        return Outcome(RowResult.ACCEPTED, was_repeated=attempts.count(student) == 1)

    def prepare(row):
        return SendTask(row.data["id"], partial(send, row.data["id"]), has_identity=True)

    recorders = OutcomeRecorders(StateTracker(), RowReport(SkipRejectedRow(policy="skip")))
    writer = Writer(prepare, recorders, num_workers=2, stop=stop)
    with pytest.raises(ZeroDivisionError):
        list(writer.write([RowMessage((None, "roster"), {"id": student}) for student in "aabb"]))
    assert was_stopped == [True]
