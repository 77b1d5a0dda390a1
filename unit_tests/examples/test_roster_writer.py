"""The messages while a roster is written."""

import pytest
from roster_file import Roster
from roster_writer import Confirmed, in_lines, messages_of, show

ROSTER = Roster("my.csv", ["ID", "Locker", "Name"], [["1", "9", "Ann"], ["2", "9", ""], ["3", "9", "Cy"]], [2, 5, 6])


def log(text, level="INFO"):
    return {"type": "LOG", "log": {"level": level, "message": text}}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Stream roster, row 2: rejected: Grade: … is 3.", "my.csv, line 5: rejected: Grade: … is 3."),
        ("2 times: no (stream roster, rows 1, 3).", "2 times: no (my.csv, lines 2, 6)."),
        ("9 times: no (stream roster, rows 1, 2, 3, …).", "9 times: no (my.csv, lines 2, 5, 6, …)."),
        ("Stream roster: 3 rows: 1 accepted.", "Stream roster: 3 rows: 1 accepted."),
        ("Stream roster, row 1: rejected: see row 3.", "my.csv, line 2: rejected: see row 3."),
    ],
)
def test_rows_go_by_their_lines_in_the_file(said, shown):
    assert in_lines(said, ROSTER) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (log("Writing [bold]."), "Writing [bold].\n"),
        (log("Trying again.\nTraceback", "WARN"), "Trying again.\n"),
        (log(""), "\n"),
        (log("as the trace says", "FATAL"), ""),
        ({"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "No.\nNor this."}}}, "No.\nNor this.\n"),
        ({"type": "TRACE", "trace": {"type": "STREAM_STATUS"}}, ""),
        ({"type": "STATE", "state": {}}, ""),
    ],
)
def test_destination_messages_are_shown_once(capsys, message, shown):
    show(message, ROSTER)
    assert capsys.readouterr().out == shown


def test_only_columns_with_a_field_are_sent_and_an_empty_cell_is_null():
    *rows, state = messages_of(ROSTER, {"ID": "ExternalID", "Name": "FirstName"})
    assert [message["record"]["data"] for message in rows] == [
        {"ExternalID": "1", "FirstName": "Ann"},
        {"ExternalID": "2", "FirstName": None},
        {"ExternalID": "3", "FirstName": "Cy"},
    ]
    assert state["state"]["stream"]["stream_state"] == {"row": 3}


def test_states_that_came_back_count_the_rows():
    confirmed = Confirmed()
    assert (
        confirmed.part_of(ROSTER) == "Stopped. Confirmed: 0 of 3 rows. Others may have been written, too; run it again."
    )
    stats = {"recordCount": 1.0, "rejectedRecordCount": 1.0}
    confirmed.note(log("Writing."))
    confirmed.note({"type": "STATE", "state": {"stream": {"stream_state": {"row": 2}}, "destinationStats": stats}})
    assert (confirmed.rows, confirmed.accepted, confirmed.rejected) == (2, 1, 1)
    assert "Confirmed: 2 of 3 rows, to line 5 of my.csv." in confirmed.part_of(ROSTER)
    assert confirmed.rate().startswith("1 rows accepted in 0.0 s: ")
