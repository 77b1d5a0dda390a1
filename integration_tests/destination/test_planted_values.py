"""2,000 values of rows that the service quotes in its reasons, also in other spellings: no log or trace shows one."""

import itertools
import re

from destination_powerschool_enrollment.redaction import VOCABULARY
from integration_tests.destination.session import catalog, config, record, run, stream_state
from integration_tests.destination.stand_in import Reply
from unit_tests.destination.test_redaction import planted_values

VALUES = 2_000


def values_without_vocabulary():
    """Return values without words that a validation message may contain: a log may show these words."""
    planted = (
        each
        for each in planted_values(20 * VALUES)
        if not {word.lower() for word in (*each[0].split(), *each[1].split())} & VOCABULARY
    )
    return list(itertools.islice(planted, VALUES))


def test_log_and_trace_show_none_of_the_values_that_reasons_quote(service, tmp_path):
    planted = values_without_vocabulary()
    reasons = [template.replace("{}", written) for _, written, template in planted]

    def answer(arrival):
        number = int(arrival.body["Comment"])
        return Reply(body={"status": "Error", "errors": [reasons[number]]}) if number < VALUES else Reply()

    service.answer = answer
    rows = [{"StudentID": "7", "FirstName": "Ann", "Comment": str(VALUES)}]
    rows += [
        {"StudentID": f"id{number}", "FirstName": value, "Comment": str(number)}
        for number, (value, _, _) in enumerate(planted)
    ]
    options = config(service, on_rejected_row={"policy": "skip", "max_rejected_percent": 5})
    session = run(tmp_path, options, catalog(), [*map(record, rows), stream_state(1)])
    assert (session.code, len(service.arrivals), len(planted)) == (1, VALUES + 1, VALUES)
    shown = set(re.findall(r"[^\s'\"(),.:;]+", str(session.messages).lower()))
    assert "rejected" in shown
    leaked = {word for value, written, _ in planted for word in (*value.split(), *written.split()) if len(word) > 2}
    assert {word for word in leaked if word.lower() in shown} == set()
