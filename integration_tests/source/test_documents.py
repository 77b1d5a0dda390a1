"""The stream `documents` over a socket: rows, files, faults, and what no log may contain."""

import hashlib
import json
import logging
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from integration_tests.connector import Outcome, run_source, source_command
from powerschool_enrollment_sandbox import District, Fault, running_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from source_powerschool_enrollment.circuit_breaker import MOST_FAILURES

STORAGE = "/secure-uploadeddocuments-832/*"
BIRTH, RESIDENCY = "doc_BirthCertificate", "doc_ProofOfResidency"
SHORT_TIMEOUTS = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "5", "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS": "5"}


@pytest.fixture(params=["observed"])
def sandbox(request):
    district = District.generate(
        forms=2, roster_records_per_form=5, submission_records_per_form=40, document_bytes=300_000
    )
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture
def config(sandbox):
    fields = [{"field": BIRTH, "file_name_field": f"{BIRTH}_FileName"}, {"field": RESIDENCY}]
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": 15, "documents": fields}


@pytest.fixture
def staging(tmp_path):
    return tmp_path


def catalog(*, files):
    stream = {
        "name": "documents",
        "json_schema": {"type": "object"},
        "supported_sync_modes": ["full_refresh"],
        "is_file_based": True,
    }
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    return {"streams": [{**chosen, "include_files": files}]}


def transfer(config, staging, **options):
    environment = {"AIRBYTE_STAGING_DIRECTORY": str(staging), **SHORT_TIMEOUTS, **options.pop("environment", {})}
    return run_source("read", config=config, catalog=catalog(files=True), environment=environment, **options)


def start(folder, config, catalog, staging, *prefix):
    """Start a read as a process; a prefix is a command that runs it."""
    return subprocess.Popen(
        [*prefix, *source_command("read", folder, config=config, catalog=catalog)],
        cwd=folder,
        env={**os.environ, "AIRBYTE_STAGING_DIRECTORY": str(staging)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def edit(sandbox, record_id, data_items):
    (form,) = [form for form in sandbox.district.forms.values() if record_id in form.submissions.ids()]
    form.submissions.edit(record_id, data_items)


def documents_at_service(sandbox):
    return {
        (record["id"], field): record["dataItems"][field]
        for form in sandbox.district.forms.values()
        for record in form.submissions
        for field in (BIRTH, RESIDENCY)
        if record["dataItems"][field]
    }


def documents_read(outcome):
    rows = outcome.records("documents")
    return {(row["submission_record_id"], row["field"]): row["object_id"] for row in rows}


def files_in(staging):
    return [path for path in Path(staging).rglob("*") if path.is_file()]


def assert_that_files_are_whole(sandbox, outcome, staging):
    records = outcome.of_type("RECORD")
    for record in records:
        reference = record["file_reference"]
        path = Path(reference["staging_file_url"])
        content = path.read_bytes()
        there = sandbox.district.documents.get(record["data"]["object_id"]).content
        assert hashlib.sha256(content).digest() == hashlib.sha256(there).digest()
        assert reference["file_size_bytes"] == len(content)
        assert path == Path(staging) / reference["source_file_relative_path"]
    assert len(files_in(staging)) == len(records)


@pytest.mark.parametrize("odd", ["text", ["text"], 7])
def test_data_items_that_are_not_an_object_affect_only_their_record(sandbox, config, odd):
    victim = min(record for record, _ in documents_at_service(sandbox))

    def on_answer(entry, payload):
        for record in payload["records"] if entry.path.endswith("/submissionrecords") else ():
            record["dataItems"] = odd if record["id"] == victim else record["dataItems"]
        return payload

    sandbox.on_answer = on_answer
    outcome = run_source("read", config=config, catalog=catalog(files=False))
    others = {place: document for place, document in documents_at_service(sandbox).items() if place[0] != victim}
    assert (outcome.exit_code, documents_read(outcome)) == (0, others)
    assert outcome.warnings == [
        "documents: dataItems of a submission record is not an object, so its documents are unknown (once)."
    ]


@pytest.mark.parametrize("sandbox", ["observed", "documented"], indirect=True)
def test_without_file_transfer_there_are_rows_and_nothing_is_downloaded(sandbox, config, staging):
    config["documents"].append({"field": "doc_BirthCertficate"})
    environment = {"AIRBYTE_STAGING_DIRECTORY": str(staging)}
    outcome = run_source("read", config=config, catalog=catalog(files=False), environment=environment)
    assert (outcome.exit_code, outcome.errors) == (0, [])
    (warning,) = outcome.warnings
    assert "no submission record has the data item doc_BirthCertficate" in warning
    assert documents_read(outcome) == documents_at_service(sandbox)
    for row in outcome.records("documents"):
        items = sandbox.district.submission_record(row["submission_record_id"])["dataItems"]
        assert row.get("file_name") == (items[f"{BIRTH}_FileName"] if row["field"] == BIRTH else None)
        assert row["url"].startswith(sandbox.root_url)
        assert row["expires_at"].endswith("Z")
    assert sandbox.journal.count("GET", STORAGE) == 0
    assert files_in(staging) == []
    pages = [entry.path + entry.query for entry in sandbox.journal.entries("GET", "*/submissionrecords")]
    assert len(pages) == len(set(pages)) == 6


def test_with_file_transfer_every_document_is_staged_whole_and_no_key_is_sent_for_it(sandbox, config, staging):
    home = staging.with_name("home")
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login someone password secret\n")
    (home / ".netrc").chmod(0o600)
    outcome = transfer(config, staging, environment={"HOME": str(home)})
    assert (outcome.exit_code, outcome.errors, outcome.warnings) == (0, [], [])
    assert documents_read(outcome) == documents_at_service(sandbox)
    assert_that_files_are_whole(sandbox, outcome, staging)
    downloads = sandbox.journal.entries("GET", STORAGE)
    assert len(downloads) == len(documents_at_service(sandbox))
    assert not any(entry.authorization for entry in downloads)


def test_interrupted_download_is_repeated_and_leaves_no_partial_file(sandbox, config, staging):
    sandbox.faults.add(
        Fault("truncate", path=STORAGE, times=3),
        Fault("drop", path=STORAGE, skip=8, times=2),
        Fault("status", path=STORAGE, skip=12, times=2, status=503),
        Fault("status", path=STORAGE, skip=16, times=1, status=403),
        Fault("status", path="/documents/*", times=2, status=503),
    )
    outcome = transfer(config, staging)
    assert outcome.exit_code == 0
    assert documents_read(outcome) == documents_at_service(sandbox)
    assert_that_files_are_whole(sandbox, outcome, staging)


def test_a_document_that_vanished_is_a_counted_warning_with_its_records_id(sandbox, config, staging):
    there = documents_at_service(sandbox)
    (before, object_id), (later, _) = list(there.items())[:2]
    sandbox.district.documents.remove(object_id)
    sandbox.faults.add(Fault("status", path=f"{STORAGE[:-1]}{there[later]}", status=404))
    outcome = transfer(config, staging)
    assert outcome.exit_code == 0
    assert documents_read(outcome).keys() == there.keys() - {before, later}
    assert "documents: skipped a document that does not exist (2 times)." in outcome.warnings
    for record_id, field in (before, later):
        assert (
            f"documents: the document in {field} of submission record {record_id} does not exist." in outcome.warnings
        )


def test_field_without_document_ids_is_a_counted_warning_without_values(sandbox, config, staging):
    there = documents_at_service(sandbox)
    wrong = {"Please ask Xylophonia": None, "a/b": None, "..": None}
    for value, (record_id, field) in zip(wrong, there, strict=False):
        edit(sandbox, record_id, {field: value})
        wrong[value] = (record_id, field)
    outcome = transfer(config, staging, debug=True)
    assert outcome.exit_code == 0
    assert documents_read(outcome).keys() == there.keys() - set(wrong.values())
    assert "documents: skipped a document that does not exist (3 times)." in outcome.warnings
    assert "Xylophonia" not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("status", [400, 418])
def test_storage_that_refuses_everything_opens_the_circuit_breaker(sandbox, config, staging, status):
    sandbox.faults.add(Fault("status", path=STORAGE, status=status))
    outcome = transfer({**config, "num_workers": 4}, staging)
    assert outcome.exit_code == 1
    assert MOST_FAILURES <= sandbox.journal.count("GET", STORAGE) < MOST_FAILURES + 2 * 4
    assert files_in(staging) == []


def test_unreachable_storage_is_reported_and_given_up_soon(sandbox, config, staging):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        sandbox.settings.document_host = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        outcome = transfer(config, staging, environment={"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "0"})
    assert outcome.exit_code == 1
    error = outcome.errors[0]
    assert error["failure_type"] == "config_error"
    assert "the storage's host refuses the connection. Let this machine's network" in error["message"]
    assert sandbox.journal.count("GET", "/documents/*") < len(documents_at_service(sandbox))
    assert files_in(staging) == []


def test_missing_staging_folder_is_reported_before_any_request(sandbox, config, staging):
    outcome = transfer(config, staging / "misspelt")
    assert outcome.exit_code == 1
    assert outcome.errors[0]["failure_type"] == "config_error"
    assert (
        f"AIRBYTE_STAGING_DIRECTORY is set to {staging / 'misspelt'}, but that directory does not exist"
        in outcome.errors[0]["message"]
    )
    assert sandbox.journal.count() == 0


def test_killed_sync_leaves_no_incomplete_file_that_looks_complete(sandbox, config, staging, tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    process = start(folder, config, catalog(files=True), staging)

    def kill_in_the_middle(_):
        if sandbox.journal.count("GET", STORAGE) >= 20:
            process.kill()

    sandbox.on_request = kill_in_the_middle
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    left = files_in(staging)
    contents = {
        sandbox.district.documents.get(object_id).content for object_id in documents_at_service(sandbox).values()
    }
    assert [path for path in left if path.suffix == ".part"]
    assert {path.read_bytes() for path in left if path.suffix != ".part"} <= contents

    sandbox.on_request = None
    outcome = transfer(config, staging)
    assert outcome.exit_code == 0
    assert documents_read(outcome) == documents_at_service(sandbox)
    for path in left:
        if path.suffix == ".part":
            path.unlink()
    assert_that_files_are_whole(sandbox, outcome, staging)


def test_a_full_disk_is_an_error_that_names_no_file(config, staging, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    process = start(folder, config, catalog(files=True), staging, "bash", "-c", 'ulimit -f 100; exec "$@"', "bash")
    stdout, stderr = process.communicate(timeout=120)
    outcome = Outcome(process.returncode, stdout, stderr)
    assert outcome.exit_code == 1
    assert "a document cannot be written to the staging folder" in outcome.errors[0]["message"]
    assert "BirthCertificate " not in outcome.stdout
    assert files_in(staging) == []


def test_no_address_name_or_document_id_is_in_any_log_even_when_debugging(sandbox, config, staging):
    sandbox.faults.add(
        Fault("truncate", path=STORAGE, times=2),
        Fault("status", path="/documents/*", times=2, status=503),
        Fault("status", path=STORAGE, skip=30, status=418),
    )
    outcome = transfer(config, staging, debug=True)
    assert outcome.exit_code == 1
    logged = outcome.stderr + "\n".join(
        json.dumps(message) for message in outcome.messages if message["type"] != "RECORD"
    )
    names = {
        record["dataItems"][f"{BIRTH}_FileName"]
        for form in sandbox.district.forms.values()
        for record in form.submissions
        if record["dataItems"][f"{BIRTH}_FileName"]
    }
    for secret in {
        "sig=",
        "secure-uploadeddocuments",
        sandbox.api_key,
        *names,
        *documents_at_service(sandbox).values(),
    }:
        assert secret not in logged


def test_the_stream_is_offered_with_file_transfer_if_there_are_fields_and_not_otherwise():
    def offered(**options):
        config = {"api_key": "sandbox-key", **options}
        source = SourcePowerschoolEnrollment(config=config)
        return {stream.name: stream for stream in source.discover(logging.getLogger(), config).streams}

    stream = offered(documents=[{"field": BIRTH}])["documents"]
    assert stream.is_file_based
    assert stream.source_defined_primary_key == [["submission_record_id"], ["field"]]
    assert "documents" not in offered()
