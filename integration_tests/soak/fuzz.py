"""Runs both connectors with odd answers of every endpoint, and exits with 1 if a run ends badly.

.venv/bin/python -m integration_tests.soak.fuzz --answers 100000 --seed 1

A run ends well if it ends, prints no stack trace, names a failure type and a reason, and logs no value that was in an
answer. `--only SEED`, with a seed that was printed, repeats one run.
"""

from __future__ import annotations

import argparse
import faulthandler
import functools
import json
import logging
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from airbyte_cdk.sources.declarative import concurrent_declarative_source
from tenacity import wait_fixed

from integration_tests.connector import configured_catalog, discovered_streams, run_source
from integration_tests.destination.session import catalog, record, run, stream_state
from integration_tests.soak.answer_fuzzer import MARK, AnswerFuzzer
from integration_tests.soak.client_calls import ClientCalls
from integration_tests.source.delivery_process import CATALOG as DELIVERIES
from powerschool_enrollment_api import Client, ConnectionSettings, Timeouts
from powerschool_enrollment_sandbox import District, Sandbox, running_sandbox

LONGEST_RUN = 300  # seconds; usually a run takes a few seconds, because its deadlines are short
ENVIRONMENT = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "0.05", "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS": "5"}
FAILURE_TYPES = {"config_error", "system_error", "transient_error"}
LISTED = {"batches", "open_batches", "delivery_targets", "published_actions", "import_schemas", "checklist_entries"}
RECORDS = {"roster_records", "submission_records", "checklists"}
DETAILS = {"roster_record_details", "submission_record_details", "checklist_details"}

Messages = list[dict[str, Any]]


class NotEnded(Exception):
    """A run takes longer than LONGEST_RUN."""


@contextmanager
def fuzzed_sandbox(wire: str) -> Iterator[Sandbox]:
    """Run a sandbox with a small district. The connectors wait almost no time between attempts."""
    district = District.generate(
        forms=3, roster_records_per_form=20, submission_records_per_form=20, data_items=4, checklists=3,
        checklist_entries=3, delivery_targets=2, document_bytes=100,
    )  # fmt: skip
    schema = concurrent_declarative_source.get_declarative_component_schema  # takes half of a short run
    with (
        running_sandbox(district=district, wire=wire) as sandbox,
        patch("powerschool_enrollment_api.retry._BACK_OFF", wait_fixed(0.001)),
        patch.object(concurrent_declarative_source, "get_declarative_component_schema", functools.cache(schema)),
    ):
        yield sandbox


class FuzzedRun:
    """A command of a connector, two syncs, or calls of the library, with odd answers.

    `endings` counts the failure types, `problems` are the reasons why it ended badly.
    """

    def __init__(self, sandbox: Sandbox, seed: str, folder: Path) -> None:
        self.sandbox = sandbox
        self.chance = random.Random(seed)
        self.folder = folder
        self.fuzzer = AnswerFuzzer(seed)
        self.endings: Counter[str] = Counter()
        self.problems: list[str] = []
        self.config = {
            "api_key": sandbox.api_key,
            "base_url": sandbox.base_url,
            "num_workers": self.chance.choice([1, 4]),
        }

    def run(self) -> None:
        """Run one of the commands, chosen at random. The sandbox's answers are odd until it ends."""
        connectors = [
            self.read,
            self.read,
            self.read,
            self.read_deliveries,
            self.write,
            self.write,
            self.check_and_discover,
        ]
        commands: list[Callable[[], None]] = [*connectors, *[self.call_library] * len(connectors) * 3]
        self.sandbox.on_response = self.fuzzer
        signal.signal(signal.SIGALRM, _raise_not_ended)
        signal.alarm(LONGEST_RUN)
        try:
            self.chance.choice(commands)()
        except NotEnded:
            self.problems.append("hung")
        except Exception as error:  # noqa: BLE001 - any exception is one that a user would see
            self.problems.append(f"stack trace: {type(error).__name__}: {error}")
        finally:
            signal.alarm(0)
            self.sandbox.on_response = None

    def call_library(self) -> None:
        """Call the client library of both connectors: this takes a tenth of the time of a command."""
        lines: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda line: lines.append(line.getMessage())  # type: ignore[method-assign]
        settings = ConnectionSettings(self.sandbox.api_key, self.sandbox.base_url)
        client = Client(settings, timeouts=Timeouts(connect=5, read=5, retries=0.05))
        calls = ClientCalls(client, self.sandbox.district, self.chance)
        with patch.object(logging.getLogger(), "handlers", [handler]):
            calls.make(200)
        self.endings["calls"] += 200
        if leaks := [line for line in [*lines, *calls.errors] if MARK in line]:
            self.problems.append(f"a value is shown: {leaks[0][:400]}")

    def read(self) -> None:
        """Read some streams, in incremental mode twice."""
        names = sorted(self.chance.choice([LISTED, RECORDS, DETAILS, LISTED | RECORDS | DETAILS]))
        mode = self.chance.choice(["full_refresh", "incremental"])
        files: dict[str, Any] = {
            "config": {**self.config, "page_size": self.chance.choice([3, 7, 50])},
            "catalog": configured_catalog(discovered_streams(), names, mode),
        }
        states = self._source("read", **files)
        if mode == "incremental":
            self._source("read", **files, state=states)

    def read_deliveries(self) -> None:
        """Read delivered records and the addresses of documents, twice."""
        targets = self.sandbox.district.delivery_targets
        for target in targets.values():
            target.approve(5)
        documents = [{"field": "doc_BirthCertificate", "file_name_field": "doc_BirthCertificate_FileName"}]
        consumed = {"mode": "consume", "delivery_target_ids": [*targets], "start_date": "2026-08-01"}
        stream = {"name": "documents", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
        chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        files: dict[str, Any] = {
            "config": {**self.config, "deliveries": consumed, "documents": documents},
            "catalog": {"streams": [*DELIVERIES["streams"], chosen]},
        }
        with patch("source_powerschool_enrollment.deliveries.target.wait_exponential_jitter", lambda **_: _no_wait):
            self._source("read", **files, state=self._source("read", **files))

    def write(self) -> None:
        """Write rows with the destination."""
        form = self.chance.choice([*self.sandbox.district.forms.values()])
        schema = self.chance.choice([*form.import_schemas])
        target = {"type": "import_schema", "published_action_id": form.id, "import_schema_id": schema}
        options = {
            "imports": [{"stream": "students", "target": target, "unmapped_columns": "ignore"}],
            "on_rejected_row": {"policy": "skip", "max_rejected_percent": 100},
            "skip_unchanged": self.chance.random() < 0.3,
        }
        rows = [record({"FirstName": MARK, "ExternalID": f"{MARK}-{number}"}) for number in range(60)]
        session = run(
            self.folder, {**self.config, **options}, catalog(columns=("ExternalID", "FirstName")),
            [*rows, stream_state(1)], environment=ENVIRONMENT,
        )  # fmt: skip
        self._judge(session.code, session.everything, [message for _, message in session.messages])

    def check_and_discover(self) -> None:
        """Check and discover with both connectors."""
        self._source("check", config={**self.config, "published_actions": {"mode": "ids", "ids": [1, 2]}})
        form = next(iter(self.sandbox.district.forms))
        target = {"type": "submission", "published_action_id": form}
        options = {**self.config, "imports": [{"stream": "students", "target": target}]}
        for command in ("check", "discover"):
            session = run(self.folder, options, {}, [], command=command, environment=ENVIRONMENT)
            self._judge(session.code, session.everything, [message for _, message in session.messages])

    def _source(self, command: str, **files: Any) -> Messages:
        """Run a command of the source, and return the last state of each stream."""
        outcome = run_source(command, environment=ENVIRONMENT, **files)
        messages = outcome.messages
        self._judge(outcome.exit_code, outcome.stdout + outcome.stderr, messages)
        states = {state["stream"]["stream_descriptor"]["name"]: state for state in outcome.states}
        return [{"type": "STREAM", "stream": state["stream"]} for state in states.values()]

    def _judge(self, exit_code: int | None, output: str, messages: Messages) -> None:
        """Record how a run ended, and each reason why it ended badly."""
        errors = [message["trace"]["error"] for message in messages if message.get("trace", {}).get("type") == "ERROR"]
        self.endings[errors[-1]["failure_type"] if errors else "complete"] += 1
        if "Traceback" in output or any(error.get("stack_trace") for error in errors):
            traces = [str(error["stack_trace"]) for error in errors if error.get("stack_trace")]
            self.problems.append(f"stack trace: {(traces or [output])[0][-1500:]}")
        if exit_code not in (0, 1) or (exit_code == 1) != bool(errors):
            self.problems.append(f"exit code {exit_code} with {len(errors)} errors")
        if any(error.get("failure_type") not in FAILURE_TYPES or not error["message"] for error in errors):
            self.problems.append("a failure without type or reason")
        if any("unexpected" in error["message"].lower() for error in errors):
            self.problems.append(f"unexpected: {errors[-1]['message']}")
        shown = [message for message in messages if message["type"] not in ("RECORD", "STATE")]
        if leaks := [line for line in map(json.dumps, shown) if MARK in line]:
            self.problems.append(f"a value is shown: {leaks[0][:400]}")


def _no_wait(_: object) -> float:
    return 0.001


def _raise_not_ended(*_: object) -> None:
    faulthandler.dump_traceback()
    raise NotEnded


def fuzz(sandbox: Sandbox, wire: str, seed: int, answers: int) -> Iterator[tuple[str, FuzzedRun]]:
    """Yield runs, each with its seed, until this number of answers were odd."""
    odd = number = 0
    while odd < answers:
        number += 1
        name = f"{wire} {seed} {number}"
        with tempfile.TemporaryDirectory() as folder:
            run_of_seed = FuzzedRun(sandbox, name, Path(folder))
            run_of_seed.run()
        odd += run_of_seed.fuzzer.mutated
        yield name, run_of_seed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="SEED", help="repeat one run, such as 'observed 1 17'")
    arguments = parser.parse_args()
    began, odd, bad, runs, endings = time.monotonic(), 0, 0, 0, Counter[str]()
    for wire in ("observed", "documented"):
        if arguments.only and not arguments.only.startswith(wire):
            continue
        with fuzzed_sandbox(wire) as sandbox, tempfile.TemporaryDirectory() as folder:
            if arguments.only:
                only = FuzzedRun(sandbox, arguments.only, Path(folder))
                only.run()
                print(only.fuzzer.mutated, dict(only.endings), *only.problems, sep="\n")
                return 1 if only.problems else 0
            for name, done in fuzz(sandbox, wire, arguments.seed, arguments.answers // 2):
                odd, runs, bad = odd + done.fuzzer.mutated, runs + 1, bad + bool(done.problems)
                endings += done.endings
                for problem in done.problems:
                    print(f"{name}: {problem}", flush=True)
                if runs % 10 == 0:
                    print(f"{odd} odd answers in {runs} runs: {bad} ended badly", flush=True)
    seconds = time.monotonic() - began
    print(f"{odd} odd answers in {runs} runs, {seconds:.0f} s: {bad} ended badly; endings {dict(endings)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
