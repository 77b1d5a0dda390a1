"""`check` and `discover`, and streams that a data activation connection maps."""

from integration_tests.destination.session import (
    Session,
    catalog,
    config,
    configured_stream,
    in_a_process,
    in_this_process,
    record,
    run,
)
from integration_tests.destination.stand_in import FIELDS, Reply


def check(service, folder, start=in_this_process, **options):
    session = Session(folder, config(service, **options), command="check", start=start).end()
    (status,) = [message["connectionStatus"] for _, message in session.messages if "connectionStatus" in message]
    assert session.code == 0
    assert "a-key-nobody-may-see" not in session.everything
    return status


def test_check_succeeds_if_all_targets_exist(service, tmp_path):
    assert check(service, tmp_path, in_a_process)["status"] == "SUCCEEDED"


def test_check_sends_few_requests(service, tmp_path):
    check(service, tmp_path)
    assert len(service.get_paths) == 3


def test_check_names_a_refused_key(service, tmp_path):
    service.gets["/connection/test"] = Reply(500, {"message": "You are not authorized to access this resource."})
    status = check(service, tmp_path)
    assert status["status"] == "FAILED"
    assert "api_key" in status["message"]


def test_check_reports_all_problems_at_once(service, tmp_path):
    targets = {
        "a": {"type": "import_schema", "published_action_id": 9, "import_schema_id": 10},
        "b": {"type": "import_schema", "published_action_id": 1, "import_schema_id": 99},
        "c": {"type": "import_schema", "published_action_id": 1, "import_schema_id": 10},
        "d": {"type": "submission", "published_action_id": 9},
    }
    imports = [{"stream": stream, "target": target} for stream, target in targets.items()]
    imports[2] |= {"key_field": "StudentId", "field_mapping": [{"column": "x", "field": "Frist Name"}]}
    file = str(tmp_path / "no" / "such" / "folder.jsonl")
    message = check(service, tmp_path, imports=[*imports, imports[2]], rejected_rows_file=file)["message"]
    for problem in (
        "Stream a: the published action 9 does not exist",
        "Stream b: the published action 1 has no import schema 99",
        "Stream c: the import schema 10 has no field 'Frist Name' (did you mean 'FirstName'?)",
        "no field 'StudentId' for key_field (did you mean 'StudentID'?)",
        "Stream c: the option imports has two entries",
        "Stream d: the published action 9 does not exist",
        "rejected_rows_file: its folder does not exist",
    ):
        assert problem in message


def test_check_names_a_wrong_option(service, tmp_path):
    assert "num_workers" in check(service, tmp_path, num_workers=99)["message"]


def discovered(service, folder):
    session = Session(folder, config(service), command="discover", start=in_a_process).end()
    assert session.code == 0
    (found,) = [message for _, message in session.messages if message["type"] == "DESTINATION_CATALOG"]
    return found["destination_catalog"]["operations"]


def test_discover_offers_each_import_schema_and_each_forms_submissions(service, tmp_path):
    operations = discovered(service, tmp_path)
    assert [operation["object_name"] for operation in operations][:2] == [
        "Form 1 2026-2027: Roster [published action 1, import schema 10]",
        "Form 1 2026-2027: new submissions [published action 1]",
    ]
    assert len(operations) == 6
    assert operations[0] == {
        "object_name": "Form 1 2026-2027: Roster [published action 1, import schema 10]",
        "sync_mode": "append_dedup",
        "json_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": [],
            "properties": {field: {"type": ["null", "string"]} for field in FIELDS},
        },
        "matching_keys": [["StudentID"]],
    }
    assert operations[1]["sync_mode"] == "append"


def test_a_stream_mapped_to_an_object_needs_no_import_even_if_the_form_was_renamed(service, tmp_path):
    stream = configured_stream(
        "anything",
        ("StudentID", "FirstName"),
        destination_object_name="Last year's name: Old title [published action 2, import schema 20]",
        primary_key=[["StudentID"]],
    )
    row = {"StudentID": "1", "FirstName": "Ann"}
    session = run(tmp_path, config(service, imports=[]), {"streams": [stream]}, [record(row, "anything")])
    assert session.code == 0
    assert service.arrivals[0].path == "/publishedactions/2/importschemas/20"
    assert service.answered == [row]


def test_a_stream_mapped_to_a_foreign_object_is_named(service, tmp_path):
    stream = configured_stream("anything", ("StudentID",), destination_object_name="Contacts")
    session = run(tmp_path, config(service, imports=[]), {"streams": [stream]}, [])
    assert session.failure["failure_type"] == "config_error"
    assert "'Contacts' does not contain a form or import schema ID" in session.failure["message"]


def test_a_stream_without_an_import_is_named(service, tmp_path):
    session = run(tmp_path, config(service), catalog("students", "others"), [])
    assert "Stream others: the option imports has no entry for it." in session.failure["message"]


def test_overwrite_mode_is_a_warning_and_upserts(service, tmp_path):
    stream = configured_stream("students", ("StudentID",), destination_sync_mode="overwrite", generation_id=1)
    session = run(tmp_path, config(service), {"streams": [stream]}, [record({"StudentID": "1"})])
    assert session.code == 0
    assert service.answered == [{"StudentID": "1"}]
    assert "The service cannot delete" in session.logs


def test_a_wrong_file_is_named(tmp_path):
    session = Session(tmp_path, [], catalog(), start=in_a_process).end()
    assert (session.code, session.failure["failure_type"]) == (1, "config_error")
    assert f"The file {tmp_path / 'config.json'}, given with --config, holds a list" in session.failure["message"]
    assert len(session.messages) == 1
