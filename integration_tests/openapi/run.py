"""Tests the sandbox against docs/openapi.yaml with Schemathesis: `make openapi`.

Three runs: each wire format with the right key, and a wrong key. Schemathesis compares each answer with the
description. That proves little about an operation that only answers 404, so each operation must also succeed at least
once.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from integration_tests.openapi.description import for_sandbox, nameless, operations, read
from integration_tests.openapi.known_ids import dictionaries
from powerschool_enrollment_sandbox import District, Sandbox, running_sandbox
from powerschool_enrollment_sandbox.http.journal import JournalEntry

CONFIG = Path(__file__).with_name("schemathesis.toml").read_text()
SCHEMATHESIS = Path(__file__).parents[2] / ".venv-openapi" / "bin" / "schemathesis"
CONFORMANCE = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SIZES = {"forms": 2, "roster_records_per_form": 60, "submission_records_per_form": 60, "checklist_entries": 5}


@dataclass(frozen=True)
class Run:
    title: str
    wire: str
    refusal_status: int
    is_key_right: bool = True
    options: Sequence[str] = ()
    config: str = ""


RUNS = (
    Run("observed wire", "observed", refusal_status=401),
    Run("documented wire", "documented", refusal_status=403),
    Run(
        "wrong key",
        "observed",
        refusal_status=500,
        is_key_right=False,
        options=("--phases", "examples", "--exclude-operation-id", "getHealth", "--checks", CONFORMANCE),
        config='[checks.not_a_server_error]\nexpected-statuses = ["500"]\n',
    ),
)


def main() -> None:
    # Schemathesis sends a few requests that are not HTTP at all. Uvicorn logs a warning for each.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    with ThreadPoolExecutor() as runs:
        sys.exit("\n".join(problem for problems in runs.map(problems_of, RUNS) for problem in problems) or None)


def problems_of(run: Run) -> list[str]:
    """Run Schemathesis, print the counts of the answers, and return what failed."""
    settings = {"wire": run.wire, "refusal_status": run.refusal_status}
    with running_sandbox(district=District.generate(**SIZES), **settings) as sandbox:
        finished = schemathesis(run, sandbox)
        requests = list(sandbox.journal)
    print(f"{run.title}: {len(requests)} requests; status {counts(entry.status for entry in requests)}")
    problems = [f"\n{run.title}: exit code {finished.returncode}\n{finished.stdout}"] if finished.returncode else []
    if run.is_key_right:
        problems += [f"{run.title}: {method} {path} never succeeded." for method, path in never_succeeded(requests)]
    return problems


def schemathesis(run: Run, sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis in a temporary folder, because it writes its cache to the current one."""
    key = sandbox.api_key if run.is_key_right else "wrong-key"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "openapi.json").write_text(json.dumps(for_sandbox(read(), run.wire)))
        Path(folder, "schemathesis.toml").write_text(f"{CONFIG}\n{run.config}{dictionaries(sandbox.district)}")
        command = [SCHEMATHESIS, "run", "openapi.json", "--url", sandbox.root_url, "--auth", f"{key}:", *run.options]
        return subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )


def counts(statuses: Iterable[int | None]) -> str:
    return ", ".join(f"{status}: {number}" for status, number in sorted(Counter(map(str, statuses)).items()))


def never_succeeded(requests: Iterable[JournalEntry]) -> list[tuple[str, str]]:
    succeeded = {(entry.method, nameless(entry.route)) for entry in requests if entry.acted}
    return sorted(operations(read()) - succeeded)


main()
