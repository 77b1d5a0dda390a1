import pytest

from destination_powerschool_enrollment.config import FailOnRejectedRow, SkipRejectedRow
from destination_powerschool_enrollment.redaction import redact
from destination_powerschool_enrollment.row_report import RowReport, RowsRejected
from destination_powerschool_enrollment.send_row import ACCEPTED, UNCHANGED, Outcome, RowResult, unfit
from powerschool_enrollment_api import TemporaryFailure

STREAM = (None, "students")
FAIL = FailOnRejectedRow(policy="fail")
SKIP = SkipRejectedRow(policy="skip", max_rejected_percent=10)


def report_of(policy, *outcomes, **settings):
    report = RowReport(policy, **settings)
    for number, outcome in enumerate(outcomes, start=1):
        report.count(STREAM, number, outcome)
    return report


def test_sync_without_rejections_succeeds():
    assert report_of(FAIL, ACCEPTED, UNCHANGED).final_failure() is None


def test_failure_names_reasons_and_rows():
    failure = report_of(FAIL, ACCEPTED, unfit("No grade."), unfit("No grade."), unfit("No name.")).final_failure()
    assert "3 of 4 rows were rejected. 2 times: No grade (stream students, rows 2, 3); once: No name" in str(failure)


def test_first_rows_of_a_reason_are_named_in_any_order_of_outcomes():
    report = RowReport(FAIL)
    for number in (9, 4, 7, 2, 5):
        report.count(STREAM, number, unfit("No grade."))
    assert "5 times: No grade (stream students, rows 2, 4, 5, …)" in str(report.final_failure())


@pytest.mark.parametrize(("accepted", "fails"), [(9, False), (8, True)])
def test_skipped_rows_fail_the_sync_beyond_the_percentage(accepted, fails):
    assert bool(report_of(SKIP, *[ACCEPTED] * accepted, unfit("No.")).final_failure()) is fails


def test_failure_shows_a_percentage_of_zero():
    policy = SkipRejectedRow(policy="skip", max_rejected_percent=0)
    assert "more than max_rejected_percent (0) allows" in str(report_of(policy, ACCEPTED, unfit("No.")).final_failure())


def test_failure_summarises_all_rows():
    assert "All others were written. No state after the first" in str(report_of(FAIL, unfit("No.")).final_failure())
    assert "They were skipped and are not sent again." in str(report_of(SKIP, unfit("No.")).final_failure())


@pytest.mark.parametrize("policy", [FAIL, SKIP])
def test_validation_does_not_claim_that_rows_were_sent(policy):
    report = report_of(policy, ACCEPTED, unfit("No grade."), only_validates=True)
    failure = str(report.final_failure())
    assert "Once: No grade (stream students, row 2). Nothing was sent. Fix the rows or the field mapping." in failure
    assert "state" not in failure
    assert report.summary() == ["Stream students: 2 rows: 1 fit to be sent, 1 rejected."]


def test_fifty_rejections_for_one_reason_stop_the_sync():
    with pytest.raises(RowsRejected, match="first 50 rows"):
        report_of(SKIP, *[unfit("No.")] * 50)


def rejected(reason, values=()):
    redacted = redact(reason, values, ())
    return Outcome(RowResult.REJECTED, reason, redacted.text, redacted.template)


def test_reasons_that_differ_by_the_values_of_rows_are_one_reason():
    initials = "ABCD"
    outcomes = [rejected(f"A record of Ann {n} is locked", [initials[n % 4], f"Ann {n}"]) for n in range(20)]
    (reason,) = report_of(SKIP, ACCEPTED, *outcomes).streams[STREAM].reasons.values()
    assert reason.count == 20


def test_known_word_that_is_a_value_does_not_make_another_reason():
    outcomes = [rejected(f"Student {name} not found", [name]) for name in ("Zyx", "First", "Long", "Anna Lou")]
    assert list(report_of(SKIP, ACCEPTED, *outcomes).streams[STREAM].reasons) == ["Student … not found"]


def test_first_fifty_rejections_stop_the_sync_for_any_reasons():
    with pytest.raises(
        RowsRejected, match=r"the first 50 rows were all rejected\. 49 times: No \(.*; once: Another \("
    ):
        report_of(SKIP, unfit("Another."), *[unfit("No.")] * 60)


def test_accepted_row_among_the_first_fifty_lets_the_sync_continue():
    assert report_of(SKIP, ACCEPTED, *[unfit("No.")] * 60)


@pytest.mark.parametrize(
    ("keeps_rows", "place"),
    [(True, "The rejected_rows_file has the full reason."), (False, "Set rejected_rows_file to keep the full reason.")],
)
def test_failure_names_the_place_of_full_reasons(keeps_rows, place):
    report = report_of(FAIL, rejected("Student Zyx not found"), keeps_rows=keeps_rows)
    assert f"Student … not found (stream students, row 1). {place}" in str(report.final_failure())
    assert place not in str(report_of(FAIL, *[unfit("No.")] * 4, keeps_rows=keeps_rows).final_failure())


def test_number_of_reasons_is_limited():
    report = report_of(SKIP, ACCEPTED, *(unfit(f"Reason {letter * 3}{n}") for n, letter in enumerate("abc" * 100)))
    assert len(report.streams[STREAM].reasons) <= 101
    assert "other reasons" in report.reasons()


def test_ten_consecutive_unknown_outcomes_stop_the_sync():
    unknown = Outcome(RowResult.REJECTED, "Unknown", "Unknown", unknown=True)
    assert report_of(SKIP, ACCEPTED, *[unknown] * 9, ACCEPTED, *[unknown] * 9)
    with pytest.raises(TemporaryFailure):
        report_of(SKIP, ACCEPTED, *[unknown] * 10)
