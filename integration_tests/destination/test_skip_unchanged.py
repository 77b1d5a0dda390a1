"""The option skip_unchanged, with a roster that each test can change."""

import pytest

from integration_tests.destination.session import catalog, config, record, run, stream_state

COLUMNS = ("StudentID", "FirstName", "DateOfBirth", "Comment")


@pytest.fixture
def write(service, tmp_path):
    service.roster = [
        {
            "id": n,
            "externalStudentID": str(n),
            "dataItems": {"FirstName": "Ann", "DateOfBirth": "04/20/2007", "Comment": None, "Other": "x"},
        }
        for n in range(1, 121)
    ]

    def write(*rows, columns=COLUMNS, **options):
        options = config(service, skip_unchanged=True, **options)
        messages = [*map(record, rows), stream_state(1)]
        return run(tmp_path, options, catalog(columns=columns), messages)

    return write


def row(number, **changes):
    return {"StudentID": str(number), "FirstName": "Ann", "DateOfBirth": "2007-04-20", "Comment": None, **changes}


def sent(service):
    return [body["StudentID"] for body in service.answered]


def test_only_rows_that_differ_are_sent(service, write):
    session = write(*(row(n) for n in range(1, 121)), row(7, FirstName="Bea"), row(500))
    assert session.code == 0
    assert sorted(sent(service)) == ["500", "7"]
    assert session.states[0]["destinationStats"] == {"recordCount": 122.0, "rejectedRecordCount": 0.0}
    assert "122 accepted (120 of them unchanged)" in session.logs
    assert "will skip no row" not in session.logs


def test_later_rows_of_a_changed_student_are_sent(service, write):
    write(row(7, FirstName="Bea"), row(7))
    assert [body["FirstName"] for body in service.answered] == ["Bea", "Ann"]


@pytest.mark.usefixtures("write")
def test_row_of_another_stream_is_sent_after_the_student_was_changed(service, tmp_path):
    options = config(service, "first", "second", skip_unchanged=True)
    options["imports"][1]["target"] = options["imports"][0]["target"]
    rows = [record(row(7, FirstName="Bea"), "first"), record(row(7), "second"), record(row(8), "second")]
    run(tmp_path, options, catalog("first", "second", columns=COLUMNS), rows)
    assert [body["FirstName"] for body in service.answered] == ["Bea", "Ann"]


def test_two_records_of_one_student_are_not_comparable(service, write):
    service.roster.append(dict(service.roster[0]))
    write(row(1), row(2))
    assert sent(service) == ["1"]


def test_row_with_a_field_that_records_do_not_show_is_sent(service, write):
    session = write({**row(1), "Grade": "3"}, {**row(2), "Grade": None}, columns=(*COLUMNS, "Grade"))
    assert sent(service) == ["1"]
    limit = "skip_unchanged will skip only rows that do not send these fields, because no record shows them: Grade."
    assert f"Stream students: {limit}" in session.logs


def test_null_that_is_not_sent_is_not_a_change(service, write):
    service.roster[0]["dataItems"]["Comment"] = service.roster[1]["dataItems"]["Comment"] = "kept"
    write(row(1), row(2, FirstName="Bea"))
    assert service.answered == [{"StudentID": "2", "FirstName": "Bea", "DateOfBirth": "04/20/2007"}]


def test_null_that_clears_a_field_is_a_change(service, write):
    service.roster[0]["dataItems"]["Comment"] = "old"
    write(row(1), row(2), null_values="empty")
    assert [(body["StudentID"], body["Comment"]) for body in service.answered] == [("1", "")]


def test_records_without_an_id_cannot_be_compared_and_cause_a_warning(service, write):
    service.roster = [{**student, "externalStudentID": None} for student in service.roster]
    session = write(row(1))
    assert sent(service) == ["1"]
    assert "0 of the roster's 120 records" in session.logs
    assert "skip_unchanged will skip no row: no record has data items and a unique externalStudentID." in session.logs


def test_record_without_data_items_is_not_comparable(service, write):
    service.roster[0]["dataItems"] = None
    service.roster[1]["dataItems"] = [{"name": "FirstName", "value": "Ann"}]
    write(row(1), row(2), row(3))
    assert sorted(sent(service)) == ["1", "2"]


def test_empty_roster_causes_no_warning(service, write):
    service.roster.clear()
    assert "will skip no row" not in write(row(1)).logs


def test_stream_without_declared_columns_is_not_comparable(service, write):
    session = write(row(1), columns=())
    assert session.code == 0
    assert sent(service) == ["1"]
    assert "0 of the roster's 120 records" in session.logs
    assert "will skip no row: the stream declares no column of the import except the key." in session.logs


def test_option_without_a_key_field_is_refused_before_the_first_row(service, write):
    target = {"type": "import_schema", "published_action_id": 1, "import_schema_id": 10}
    session = write(row(1), imports=[{"stream": "students", "target": target}])
    assert session.failure["failure_type"] == "config_error"
    assert "skip_unchanged needs key_field" in session.failure["message"]
    assert service.arrivals == []


def test_repaired_answers_are_one_warning_per_kind(service, write):
    for record_of_roster in service.roster:
        record_of_roster["dataItems"]["Other"] = "x\0"
    session = write(*(row(n) for n in range(1, 121)))
    assert session.code == 0
    lines = [line for line in session.logs.splitlines() if "U+0000" in line]
    place = "page 1 of GET /publishedactions/1/rosterrecords"
    assert len(lines) == 1
    assert lines[0].startswith("repaired answers: U+0000 characters, removed (120 times: ")
    assert place in lines[0]
