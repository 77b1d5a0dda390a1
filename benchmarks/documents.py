"""How much faster documents are transferred at the same time than one after another, and in how much memory.

    python benchmarks/documents.py [--documents 500] [--kilobytes 1000] [--latency-ms 50] [--workers 16]

A sandbox in a process of its own serves the documents; the connector runs as the platform runs it, once with the
workers and once with a plain loop of requests, which asks for an address and then fetches the document.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from powerschool_enrollment_sandbox import SandboxProcess

FIELDS = ["doc_BirthCertificate", "doc_ProofOfResidency"]
SCRIPT = Path(sys.executable).with_name("source-powerschool-enrollment")


def measured(command, environment):
    """Run a command; return its output, how long it took, and the most memory it had."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        assert status == 0
        output.seek(0)
        return output.read().decode(), seconds, usage.ru_maxrss / 1024


def run_connector(config, folder):
    stream = {"name": "documents", "json_schema": {}, "supported_sync_modes": ["full_refresh"], "is_file_based": True}
    chosen = {
        "stream": stream,
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
        "include_files": True,
    }
    arguments = []
    for name, content in {"config": config, "catalog": {"streams": [chosen]}}.items():
        path = Path(folder, f"{name}.json")
        path.write_text(json.dumps(content))
        arguments += [f"--{name}", str(path)]
    staging = Path(folder, "staging")
    staging.mkdir()
    output, seconds, megabytes = measured(
        [str(SCRIPT), "read", *arguments], {"AIRBYTE_STAGING_DIRECTORY": str(staging)}
    )
    messages = [json.loads(line) for line in output.splitlines()]
    return [message["record"] for message in messages if message["type"] == "RECORD"], seconds, megabytes


def one_after_another(sandbox, object_ids):
    """Return each document's digest, and how long the loop took."""
    session = requests.Session()
    began = time.monotonic()
    digests = {}
    for object_id in object_ids:
        answer = session.get(f"{sandbox.base_url}/documents/{object_id}", auth=(sandbox.api_key, ""), timeout=60)
        document = session.get(answer.json(), timeout=60)
        digests[object_id] = hashlib.sha256(document.content).digest()
    return digests, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--kilobytes", type=int, default=1000)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--workers", type=int, default=16)
    options = parser.parse_args()
    with (
        SandboxProcess(
            forms=1,
            submission_records=options.documents,
            document_bytes=options.kilobytes * 1000,
            latency_ms=options.latency_ms,
        ) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        config = {
            "api_key": sandbox.api_key,
            "base_url": sandbox.base_url,
            "num_workers": options.workers,
            "documents": [{"field": field} for field in FIELDS],
        }
        records, seconds, megabytes = run_connector(config, folder)
        expected, loop_seconds = one_after_another(sandbox, [record["data"]["object_id"] for record in records])
        equal = sum(
            expected[record["data"]["object_id"]]
            == hashlib.sha256(Path(record["file_reference"]["staging_file_url"]).read_bytes()).digest()
            for record in records
        )
    _, start_up, _ = measured([str(SCRIPT), "spec"], {})
    print(f"documents            {len(records)} of {options.kilobytes} kB, {equal} equal byte for byte")
    print(f"one after another    {loop_seconds:6.1f} s")
    print(f"{options.workers:2d} workers           {seconds:6.1f} s, {start_up:.1f} s of it start-up")
    print(f"times faster         {loop_seconds / seconds:6.1f}")
    print(f"without start-up     {loop_seconds / (seconds - start_up):6.1f}")
    print(f"peak memory          {megabytes:6.0f} MB")


if __name__ == "__main__":
    main()
