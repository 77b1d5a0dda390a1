"""examples/runners/connector.py: the messages that a pipeline receives, and the error if the source fails."""

import importlib.util
import sys
from pathlib import Path

import pytest

from powerschool_enrollment_sandbox import District, Fault, running_sandbox

EXAMPLE = Path(__file__).parents[1] / "examples" / "runners" / "connector.py"


@pytest.fixture(scope="module")
def connector():
    specification = importlib.util.spec_from_file_location("runner_connector", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.SOURCE = Path(sys.executable).with_name("source-powerschool-enrollment")
    return module


@pytest.fixture(scope="module")
def service():
    with running_sandbox(district=District.generate(forms=1, roster_records_per_form=40)) as running:
        yield running


@pytest.fixture
def config(service):
    return {"api_key": service.api_key, "base_url": service.base_url}


@pytest.fixture(scope="module")
def roster(connector):
    (stream,) = connector.discover({"api_key": "not needed"}, ["roster_records"])
    return stream


def test_second_read_with_the_state_receives_no_record(connector, config, roster):
    first = list(connector.read(config, roster, None))
    assert len([message for message in first if message["type"] == "RECORD"]) == 40
    (*_, state) = [message["state"] for message in first if message["type"] == "STATE"]
    again = [message["type"] for message in connector.read(config, roster, state)]
    assert "RECORD" not in again
    assert "STATE" in again


def test_failed_read_raises_the_reason_without_a_value(connector, service, config, roster, capfd):
    records = next(iter(service.district.forms.values())).roster
    records.edit(records.ids()[0], {"stu_Phone": "MARKED-VALUE"})
    service.faults.add(Fault("status", path="*/rosterrecords*", status=400, skip=2))
    messages = []
    with pytest.raises(connector.ConnectorFailed, match=r"^read ended with exit code 1: .*rosterrecords") as failure:
        messages.extend(connector.read({**config, "page_size": 10}, roster, None))
    service.faults.clear()
    assert "MARKED-VALUE" in str(messages)
    assert "MARKED-VALUE" not in f"{failure.value}{capfd.readouterr()}"


def test_pipeline_that_stops_ends_the_connector(connector, config, roster):
    messages = connector.read(config, roster, None)
    assert next(messages)["type"]
    messages.close()  # raises an error if the connector could not be ended


def test_missing_key_is_reported_before_anything_runs(connector, monkeypatch):
    monkeypatch.delenv("POWERSCHOOL_ENROLLMENT_API_KEY", raising=False)
    with pytest.raises(connector.ConnectorFailed, match="POWERSCHOOL_ENROLLMENT_API_KEY is not set"):
        connector.options_from_environment()
