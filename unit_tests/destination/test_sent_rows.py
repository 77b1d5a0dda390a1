"""How many rows may have been written without an answer."""

import pytest

from destination_powerschool_enrollment.sync import SentRows
from powerschool_enrollment_api import KeyRefused, TemporaryFailure


def test_row_with_an_outcome_is_not_counted():
    sent = SentRows()
    with sent.sending():
        assert sent.without_outcome == 1
    assert sent.without_outcome == 0


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (KeyRefused("refused"), 0),
        (TemporaryFailure("no connection", arrived=False), 0),
        (TemporaryFailure("no answer", arrived=True), 1),
        (KeyboardInterrupt(), 1),
    ],
)
def test_only_a_request_that_may_have_arrived_stays_counted(error, count):
    sent = SentRows()
    with pytest.raises(type(error)), sent.sending():
        raise error
    assert sent.without_outcome == count
