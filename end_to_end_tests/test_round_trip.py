"""Both connectors against one sandbox: rows of every kind, and records from the service to a warehouse and back."""

import json
import sys
from pathlib import Path

from integration_tests.destination.session import configured_stream, record, run, stream_state
from integration_tests.pyairbyte import needs_pyairbyte
from integration_tests.warm_process import run_warm

MARK = "Zyxwana"


def test_rows_of_every_kind_are_counted_and_no_value_is_printed(sandbox, tmp_path):
    form = next(iter(sandbox.district.forms.values()))
    target = {"type": "submission", "published_action_id": form.id}
    schema = {
        "type": "import_schema",
        "published_action_id": form.id,
        "import_schema_id": next(iter(form.import_schemas)),
    }
    config = {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "imports": [
            {"stream": "roster", "target": schema, "key_field": "stu_ExternalID"},
            {"stream": "submissions", "target": target},
        ],
        "on_rejected_row": {"policy": "skip", "max_rejected_percent": 50},
    }
    columns = ("stu_ExternalID", "stu_FirstName", "stu_LastName", "stu_DateOfBirth")
    catalog = {"streams": [configured_stream("roster", columns), configured_stream("submissions", columns[1:])]}
    good = {"stu_FirstName": MARK, "stu_LastName": MARK, "stu_DateOfBirth": "2015-04-20"}
    session = run(
        tmp_path,
        config,
        catalog,
        [
            record({"stu_ExternalID": f"{MARK}1", **good}, "roster"),
            record({"stu_ExternalID": f"{MARK}2", **good, "stu_DateOfBirth": MARK}, "roster"),
            record(good, "submissions"),
            record({**good, "stu_DateOfBirth": MARK}, "submissions"),
            stream_state(1, "roster"),
            stream_state(2, "submissions"),
        ],
    )
    assert session.code == 0, session.everything
    assert MARK not in session.everything
    assert [list(state["destinationStats"].values()) for state in session.states] == [[1.0, 1.0], [1.0, 1.0]]


@needs_pyairbyte
def test_roster_is_written_back_from_the_renamed_columns_of_a_cache(sandbox, tmp_path):
    script = tmp_path / "round_trip.py"
    script.write_text(ROUND_TRIP)
    forms = list(sandbox.district.forms.values())
    arguments = {
        "key": sandbox.api_key,
        "url": sandbox.base_url,
        "folder": str(tmp_path),
        "bin": str(Path(sys.executable).parent),
        "from": forms[0].id,
        "to": forms[1].id,
        "schema": list(forms[1].import_schemas)[1],
    }
    students = {record["externalStudentID"] for record in records(forms[0])}
    known = {record["externalStudentID"] for record in records(forms[1])}
    run_warm(script, json.dumps(arguments), folder=tmp_path).check_returncode()
    arrived = {record["externalStudentID"]: record for record in records(forms[1])}
    moved = {student for student in students - known - {""} if student in arrived}
    assert moved
    assert moved == students - known - {""}
    for record_ in records(forms[0]):
        if record_["externalStudentID"] in moved:
            assert arrived[record_["externalStudentID"]]["dateOfBirth"] == record_["dateOfBirth"]


def records(form):
    return [form.roster[record_id] for record_id in form.roster.ids()]


ROUND_TRIP = """
import json, os, sys
os.environ["AIRBYTE_OFFLINE_MODE"] = "1"
import airbyte as ab
from airbyte.caches import DuckDBCache
arguments = json.loads(sys.argv[1])
connection = {"api_key": arguments["key"], "base_url": arguments["url"]}
cache = DuckDBCache(db_path=arguments["folder"] + "/warehouse.duckdb")
source = ab.get_source(
    "source-powerschool-enrollment",
    config={**connection, "published_actions": {"mode": "ids", "ids": [arguments["from"]]}},
    local_executable=arguments["bin"] + "/source-powerschool-enrollment",
    streams=["roster_records"],
)
result = source.read(cache)
names = {
    "externalStudentID": "ExternalID",
    "firstName": "FirstName",
    "lastName": "LastName",
    "dateOfBirth": "DateOfBirth",
}
destination = ab.get_destination(
    "destination-powerschool-enrollment",
    config={
        **connection,
        "imports": [{
            "stream": "roster_records",
            "target": {
                "type": "import_schema",
                "published_action_id": arguments["to"],
                "import_schema_id": arguments["schema"],
            },
            "field_mapping": [{"column": column, "field": field} for column, field in names.items()],
            "unmapped_columns": "ignore",
            "key_field": "ExternalID",
        }],
        "on_rejected_row": {"policy": "skip", "max_rejected_percent": 100},
    },
    local_executable=arguments["bin"] + "/destination-powerschool-enrollment",
)
destination.write(result, state_cache=False)
"""
