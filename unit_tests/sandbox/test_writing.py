import pytest


def schema_ids(caller, form):
    return [schema["id"] for schema in caller.call(f"/publishedactions/{form}/importschemas").json()]


def import_row(caller, form, row, schema=1):
    return caller.call(f"/publishedactions/{form}/importschemas/{schema_ids(caller, form)[schema]}", "POST", json=row)


NEW = {"FirstName": "Susan", "LastName": "Smith", "ExternalID": "190292", "DateOfBirth": "04/20/2007"}


def test_row_imported_twice_is_one_roster_record(caller, form):
    for grade in ("3", "4"):
        assert import_row(caller, form, NEW | {"Grade": grade}).json() == {"status": "Success", "errors": []}
    metadata, [record] = caller.page(f"/publishedactions/{form}/rosterrecords", externalStudentID="190292")
    assert metadata["recordCount"] == 1
    assert record["dateOfBirth"] == "2007-04-20T00:00:00"
    assert (record["firstName"], record["grade"], record["status"]) == ("Susan", "4", "Imported")
    assert record["dataItems"]["stu_DateOfBirth"] == "04/20/2007"
    assert caller.details(f"/rosterrecords/{record['id']}") == record


def test_import_updates_the_record_of_a_known_student(caller, sandbox, form):
    roster = sandbox.district.forms[form].roster
    known = next(record for record in roster if record["status"] == "Imported")
    row = {"stu_ExternalID": known["externalStudentID"], "stu_Phone": "512-555-0100"}
    assert import_row(caller, form, row, schema=0).json()["status"] == "Success"
    assert len(roster) == 130
    assert roster[known["id"]]["dataItems"] == known["dataItems"] | {"stu_Phone": "512-555-0100"}


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (NEW | {"Shoe": "42"}, "Shoe"),
        (NEW | {"DateOfBirth": "31/31/2007"}, "31/31/2007"),
        (NEW | {"FirstName": ""}, "FirstName"),
        (NEW | {"Grade": ["3"]}, "Grade"),
        (NEW | {"EmailAddress": "nobody"}, "nobody"),
        ({"ExternalID": "190292"}, "LastName"),
    ],
)
def test_invalid_row_is_answered_with_200_and_changes_nothing(caller, sandbox, form, row, word):
    answer = import_row(caller, form, row)
    assert answer.status_code == 200
    assert answer.json()["status"] == "Error"
    assert any(word in error for error in answer.json()["errors"])
    assert len(sandbox.district.forms[form].roster) == 130


def test_import_does_not_change_a_started_record(caller, sandbox, form):
    roster = sandbox.district.forms[form].roster
    started = next(record for record in roster if record["status"] == "Submitted")
    row = {"ExternalID": started["externalStudentID"], "Grade": "12"}
    assert import_row(caller, form, row).json()["status"] == "Error"
    assert roster[started["id"]] == started
    sandbox.settings.refuse_started = False
    assert import_row(caller, form, row).json()["status"] == "Success"


def test_import_attempts_are_recorded_in_order_with_their_requests(caller, sandbox, form):
    import_row(caller, form, NEW)
    import_row(caller, form, {})
    good, bad = sandbox.district.imports.attempts
    assert good.row == NEW
    assert (good.errors, bool(bad.errors)) == ((), True)
    assert [e.number for e in sandbox.journal.entries("POST")] == [good.request, bad.request]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_body_that_is_not_an_object_is_400(caller, form, body):
    path = f"/publishedactions/{form}/importschemas/{schema_ids(caller, form)[0]}"
    assert caller.call(path, "POST", data=body).status_code == 400
    assert caller.call("/submission", "POST", data=body).status_code == 400


def test_unknown_schema_is_404(caller, form):
    assert caller.call(f"/publishedactions/{form}/importschemas/1", "POST", json=NEW).status_code == 404


def submission(form, **items):
    answers = [{"fieldName": name, "value": value} for name, value in items.items()]
    return {"publishedActionId": form, "submission": {"dataItems": answers}}


def test_new_submission_is_pending_approval(caller, form):
    body = submission(form, stu_FirstName="Jane", stu_LastName="Doe", stu_DateOfBirth="01/01/2010")
    created = caller.call("/submission", "POST", json=body).json()["submissionRecordId"]
    record = caller.details(f"/submissionrecords/{created}")
    assert (record["status"], record["lastName"], record["dateOfBirth"]) == (
        "PendingApproval",
        "Doe",
        "2010-01-01T00:00:00",
    )


@pytest.mark.parametrize(
    "items", [{"stu_FirstName": "Jane"}, {"stu_FirstName": "J", "stu_LastName": "D", "shoe": "42"}, {}]
)
def test_invalid_submission_is_400_and_creates_nothing(caller, sandbox, form, items):
    assert caller.call("/submission", "POST", json=submission(form, **items)).status_code == 400
    assert len(sandbox.district.forms[form].submissions) == 90


def create_batch(caller, target):
    answer = caller.call(f"/deliverytargets/{target}/createbatch", "POST")
    assert answer.request.headers["Content-Length"] == "0"
    return answer.json()


def batches(caller, target, suffix=""):
    return caller.call(f"/deliverytargets/{target}/getbatches{suffix}").json()


def test_sixty_approved_records_make_three_batches_and_an_empty_one(caller, target):
    created = [create_batch(caller, target) for _ in range(4)]
    assert [len(batch["records"]) for batch in created] == [25, 25, 10, 0]
    ids = [record["id"] for batch in created for record in batch["records"]]
    assert len(set(ids)) == 60
    assert caller.details(f"/submissionrecords/{ids[0]}")["status"] == "Delivered"
    record = created[0]["records"][0]
    assert set(record) == {"id", "submitted", "data"}
    assert {"student", "parent1"} <= set(record["data"])
    listed = batches(caller, target)
    assert [batch["id"] for batch in listed[1:]] == [batch["id"] for batch in created]
    assert all(batch["records"] == [] for batch in listed)


def test_reset_makes_records_pending_once_and_keeps_the_batch_listed(caller, sandbox, target):
    first = create_batch(caller, target)
    for _ in range(2):
        assert caller.call(f"/deliverytargets/{target}/resetbatch/{first['id']}", "POST").status_code == 204
    pending = sandbox.district.delivery_targets[target].pending
    assert sorted(pending) == sorted(set(pending))
    assert len(pending) == 60
    assert {record["id"] for record in first["records"]} <= set(pending)
    assert first["id"] in {batch["id"] for batch in batches(caller, target)}


def test_second_reset_does_not_make_records_pending_again(caller, sandbox, target):
    first = create_batch(caller, target)
    caller.call(f"/deliverytargets/{target}/resetbatch/{first['id']}", "POST")
    while create_batch(caller, target)["records"]:
        pass
    caller.call(f"/deliverytargets/{target}/resetbatch/{first['id']}", "POST")
    assert sandbox.district.delivery_targets[target].pending == []


def test_reset_removes_the_batch_from_the_list_if_configured(caller, sandbox, target):
    sandbox.settings.reset_batches_stay = False
    first = create_batch(caller, target)
    caller.call(f"/deliverytargets/{target}/resetbatch/{first['id']}", "POST")
    assert first["id"] not in {batch["id"] for batch in batches(caller, target)}


def test_unknown_batch_is_404(caller, target):
    assert caller.call(f"/deliverytargets/{target}/resetbatch/nothing", "POST").status_code == 404


def test_batches_are_filtered_by_date_and_auto_open(caller, sandbox, target):
    [old] = batches(caller, target)
    sandbox.clock.freeze()
    today = sandbox.clock.now().date().isoformat()
    new = [create_batch(caller, target) for _ in range(2)]
    assert new[0]["date"] == new[1]["date"]
    assert [b["id"] for b in batches(caller, target, f"/{today}")] == [b["id"] for b in new]
    assert [b["id"] for b in batches(caller, target, f"/{today}/false")] == [b["id"] for b in new]
    assert batches(caller, target, f"/{today}/true") == []
    assert [b["id"] for b in batches(caller, target, "/2000-01-01/true")] == [old["id"]]
    sandbox.clock.shift(days=-1)
    yesterday = create_batch(caller, target)
    assert yesterday["id"] not in {b["id"] for b in batches(caller, target, f"/{today}")}


@pytest.mark.parametrize("suffix", ["/yesterday", "/2026-13-01", "/2026-01-01/perhaps"])
def test_invalid_date_or_flag_is_400(caller, target, suffix):
    assert caller.call(f"/deliverytargets/{target}/getbatches{suffix}").status_code == 400


def test_approving_creates_submissions_if_none_are_left(caller, sandbox, target):
    approved = sandbox.district.delivery_targets[target].approve(100)
    assert len(set(approved)) == 100
    delivered = set()
    while records := create_batch(caller, target)["records"]:
        delivered |= {record["id"] for record in records}
    assert len(delivered) == 160
