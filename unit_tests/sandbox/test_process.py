import signal
import socket
import subprocess
import sys

import pytest
import requests

from powerschool_enrollment_sandbox import Change, Fault, SandboxProcess


@pytest.fixture(scope="module")
def process():
    with SandboxProcess(forms=1, roster_records=120, submission_records=80, document_bytes=1000) as process:
        yield process


@pytest.fixture
def form(process):
    process.clear_faults()
    process.clear_changes()
    process.release_clock()
    process.replace_district(forms=1, roster_records_per_form=120, submission_records_per_form=80)
    process.clear_journal()
    return process.district()["forms"][0]["id"]


def ask(process, path, method="GET"):
    return requests.request(method, f"{process.base_url}{path}", auth=(process.api_key, ""), timeout=30)


def test_default_district_has_the_documented_size():
    with SandboxProcess() as process:
        sizes = [form["roster"] + form["submissions"] for form in process.district()["forms"]]
    assert (len(sizes), sum(sizes)) == (6, 20_400)


def test_requests_are_counted_from_outside(process, form):
    for page in (1, 2):
        assert ask(process, f"/publishedactions/{form}/rosterrecords?page={page}").ok
    assert process.count("GET", "*/rosterrecords", status=200) == 2
    assert process.routes() == {"GET /publishedactions/{id}/rosterrecords": 2}
    assert [entry["query"] for entry in process.entries()] == ["page=1", "page=2"]
    assert process.max_concurrent() == 1


def test_faults_and_changes_are_put_in_force_from_outside(process, form):
    process.add_fault(Fault("status", path="/checklists", status=429, retry_after=1, times=1))
    process.add_change(Change(insert=5))
    assert ask(process, "/checklists").headers["Retry-After"] == "1"
    assert ask(process, f"/publishedactions/{form}/rosterrecords").json()["metaData"]["recordCount"] == 125


def test_records_are_changed_from_outside(process, form):
    removed = process.remove(form, "roster", 20)
    inserted = process.insert(form, "roster", 3, "end")
    edited = process.edit(form, "roster", 2)
    ids = process.record_ids(form, "roster")
    assert len(ids) == 103
    assert not set(removed) & set(ids)
    assert ids[-3:] == inserted
    process.edit_record(form, "roster", edited[0], {"status": "Held", "dataItems": {"stu_Phone": "1"}})
    record = ask(process, f"/rosterrecords/{edited[0]}").json()
    assert (record["status"], record["dataItems"]["stu_Phone"]) == ("Held", "1")
    assert process.record(form, "roster", edited[0]) == record


@pytest.mark.usefixtures("form")
def test_submissions_are_approved_from_outside(process):
    [target] = process.district()["delivery_targets"]
    approved = process.approve(target, 3)
    assert process.delivery_target(target)["pending"][-3:] == approved
    process.freeze_clock("2026-03-01T00:00:00")
    batch = ask(process, f"/deliverytargets/{target}/createbatch", "POST").json()
    assert batch["date"] == "2026-03-01T00:00:00Z"
    assert process.delivery_target(target)["batches"][-1]["record_ids"] == [r["id"] for r in batch["records"]]


def test_imports_and_settings_are_seen_from_outside(process, form):
    schema = process.district()["forms"][0]["import_schemas"][1]
    address = f"{process.base_url}/publishedactions/{form}/importschemas/{schema}"
    requests.post(address, json={"Shoe": "42"}, auth=(process.api_key, ""), timeout=10)
    imports = process.imports(rows=True)
    assert (imports["count"], imports["imported"], imports["attempts"][0]["row"]) == (1, 0, {"Shoe": "42"})
    process.change_settings(wire="documented")
    assert isinstance(ask(process, f"/publishedactions/{form}/rosterrecords").json(), list)
    process.change_settings(wire="observed")
    process.remove_form(form)
    assert ask(process, f"/publishedactions/{form}/rosterrecords").status_code == 404


def test_impossible_command_reports_the_reason(process):
    with pytest.raises(ValueError, match="KeyError"):
        process.approve(1)


def test_a_process_that_does_not_start_is_an_error():
    with pytest.raises(RuntimeError), SandboxProcess(wire="imagined"):
        pass


def test_leaving_ends_the_process():
    with SandboxProcess(forms=0) as process:
        address = process.base_url
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(address, timeout=5)


def command(*options):
    return [sys.executable, "-m", "powerschool_enrollment_sandbox.run", "--forms", "0", *options]


def test_ctrl_c_is_a_good_end():
    with subprocess.Popen(command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[3]
        assert requests.get(f"{address}/connection/test", timeout=30).status_code == 500  # it serves, and wants a key
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_port_that_is_taken_is_named_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(command("--port", str(port)), capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Cannot listen on port {port}: name another with --port")
    assert "Traceback" not in result.stderr
