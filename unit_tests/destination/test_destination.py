import json

import pytest
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteRecordMessage,
    ConfiguredAirbyteCatalogSerializer,
    FailureType,
    Type,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_powerschool_enrollment import DestinationPowerschoolEnrollment


def test_unexpected_exception_is_reported_by_type_and_place_only(monkeypatch):
    value = "Zyxwana"

    def fail(*_):
        raise ValueError(value)

    destination = DestinationPowerschoolEnrollment()
    monkeypatch.setattr(destination, "spec", fail)
    with pytest.raises(AirbyteTracedException) as caught:
        destination.run(["spec"])
    assert caught.value.failure_type is FailureType.system_error
    trace = caught.value.as_airbyte_message().trace.error
    assert "ValueError" in trace.message
    assert "in fail" in trace.internal_message
    assert value not in f"{trace.message} {trace.internal_message} {trace.stack_trace}"


def test_expected_failure_is_reported_once_without_a_stack_trace(capsys, caplog):
    with pytest.raises(SystemExit) as ended:
        DestinationPowerschoolEnrollment().run(["check", "--config", "no/such.json"])
    assert ended.value.code == 1
    (line,) = capsys.readouterr().out.splitlines()
    error = json.loads(line)["trace"]["error"]
    assert error == {
        "message": "The file no/such.json, given with --config, cannot be read: No such file or directory.",
        "failure_type": "config_error",
    }
    assert caplog.records == []


def test_write_can_be_called_from_python(requests_mock):
    service = "http://localhost/api/v1/publishedactions"
    requests_mock.get(service, json=[{"id": 1, "title": "Form", "academicYear": "2026-2027"}])
    requests_mock.get(f"{service}/1/importschemas", json=[{"id": 2, "title": "Roster", "fields": ["StudentID"]}])
    requests_mock.post(f"{service}/1/importschemas/2", json={"status": "Success", "errors": []})
    target = {"type": "import_schema", "published_action_id": 1, "import_schema_id": 2}
    config = {"api_key": "k", "base_url": "http://localhost", "imports": [{"stream": "students", "target": target}]}
    destination = DestinationPowerschoolEnrollment()
    stream = {
        "stream": {"name": "students", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
    }
    row = AirbyteMessage(Type.RECORD, record=AirbyteRecordMessage("students", {"StudentID": 7}, 0))
    assert list(destination.write(config, ConfiguredAirbyteCatalogSerializer.load({"streams": [stream]}), [row])) == []
    assert json.loads(requests_mock.last_request.body) == {"StudentID": "7"}
