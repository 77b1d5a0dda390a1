import signal
import socket
import subprocess
import sys

import pytest
import requests

from powerschool_enrollment_sandbox import Fault, SandboxProcess


@pytest.fixture(scope="module")
def process():
    with SandboxProcess(forms=1, roster_records=120, submission_records=80, document_bytes=1000) as process:
        yield process


@pytest.fixture
def form(process):
    process.clear_faults()
    return process.district()["forms"][0]["id"]


def call(process, path, method="GET"):
    return requests.request(method, f"{process.base_url}{path}", auth=(process.api_key, ""), timeout=30)


def test_default_district_has_the_documented_size():
    with SandboxProcess() as process:
        sizes = [form["roster"] + form["submissions"] for form in process.district()["forms"]]
    assert (len(sizes), sum(sizes)) == (6, 20_400)


def test_requests_are_counted_by_method_path_and_status(process, form):
    before = process.count("GET", "*/rosterrecords", status=200)
    for page in ("1", "2", "zero"):
        call(process, f"/publishedactions/{form}/rosterrecords?page={page}")
    assert process.count("GET", "*/rosterrecords", status=200) == before + 2
    assert process.count("GET", "/publishedactions/{id}/rosterrecords", status=400) == 1
    assert process.count("POST") == 0


def test_faults_are_added_and_removed_over_http(process, form):
    process.add_fault(Fault("status", path="/checklists", status=429, retry_after=1, times=1))
    assert call(process, "/checklists").headers["Retry-After"] == "1"
    process.add_fault(Fault("status", status=503))
    process.clear_faults()
    assert call(process, f"/publishedactions/{form}/rosterrecords").ok


def test_records_are_edited_over_http(process, form):
    edited = process.edit_records(form, "roster", 2, "end")
    assert len(set(edited)) == 2
    for record_id in edited:
        items = call(process, f"/rosterrecords/{record_id}").json()["dataItems"]
        assert items["stu_PreferredName"].startswith("Nickname ")


def test_settings_are_changed_over_http(process, form):
    process.change_settings(wire="documented")
    assert isinstance(call(process, f"/publishedactions/{form}/rosterrecords").json(), list)
    process.change_settings(wire="observed")
    assert isinstance(call(process, f"/publishedactions/{form}/rosterrecords").json(), dict)


def test_rejected_command_reports_the_reason(process):
    with pytest.raises(ValueError, match="KeyError"):
        process.edit_records(1, "roster")


def test_process_that_does_not_start_raises():
    with pytest.raises(RuntimeError), SandboxProcess(wire="imagined"):
        pass


def test_leaving_the_context_stops_the_process():
    with SandboxProcess(forms=0) as process:
        address = process.base_url
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(address, timeout=5)


def command(*options):
    return [sys.executable, "-m", "powerschool_enrollment_sandbox.run", "--forms", "0", *options]


def test_ctrl_c_exits_with_0_and_without_output():
    with subprocess.Popen(command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[3]
        # It answers, and requires a key.
        assert requests.get(f"{address}/connection/test", timeout=30).status_code == 500
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_occupied_port_error_names_port_and_option():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(command("--port", str(port)), capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Cannot listen on port {port}: name another with --port")
    assert "Traceback" not in result.stderr
