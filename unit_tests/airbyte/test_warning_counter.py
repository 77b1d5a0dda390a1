import logging

from powerschool_enrollment_airbyte.warning_counter import WarningCounter
from powerschool_enrollment_api import Repairs

LOGGER = logging.getLogger("airbyte.test")


def test_each_kind_is_one_warning_with_its_count_and_first_places(caplog):
    counter = WarningCounter()
    for number in range(1, 6):
        counter.count("batches", "left out a record", 2, f"page {number}")
    counter.count("batches", "left out a record", 1, "page 1")
    counter.count("documents", "skipped a document")
    counter.report(LOGGER)
    assert caplog.messages == [
        "batches: left out a record (11 times: page 1; page 2; page 3; and elsewhere).",
        "documents: skipped a document (once).",
    ]


def test_repairs_of_a_kind_add_up(caplog):
    counter = WarningCounter()
    counter.count_repairs("page 1", Repairs({"U+0000 characters, removed": 2}))
    counter.count_repairs("page 2", Repairs({"U+0000 characters, removed": 1}))
    counter.report(LOGGER)
    counter.report(LOGGER)
    assert caplog.messages == ["repaired answers: U+0000 characters, removed (3 times: page 1; page 2)."]
