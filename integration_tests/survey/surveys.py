"""Runs `powerschool-enrollment-survey` in this process, against a sandbox."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from powerschool_enrollment_sandbox import District, Sandbox, Settings
from powerschool_enrollment_sandbox.http.journal import JournalEntry
from powerschool_enrollment_survey.command import survey

FIELD = "doc_BirthCertificate"
FITS, WARNS, FAILS, UNTESTED = "fits", "fits with warnings", "does not fit", "not tested"
DETAILS = ("roster_record_details", "submission_record_details")
LISTED = "/publishedactions/{id}/rosterrecords"


def small_district(forms: int = 3, records: int = 60) -> District:
    return District.generate(
        forms=forms,
        roster_records_per_form=records,
        submission_records_per_form=records,
        checklist_entries=5,
        document_bytes=100,
    )


@dataclass(frozen=True)
class Surveyed:
    """What the command printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.stdout)

    @property
    def verdicts(self) -> dict[str, str]:
        return {each["stream"]: each["verdict"] for each in self.facts["verdicts"]}

    def reasons(self, stream: str) -> str:
        (found,) = [each["reasons"] for each in self.facts["verdicts"] if each["stream"] == stream]
        return "; ".join(found)

    def record_list(self, stream: str) -> dict[str, Any]:
        (found,) = [each for each in self.facts["record_lists"] if each["stream"] == stream]
        return found


def run_survey(sandbox: Sandbox, *options: str, as_json: bool = True, **config: Any) -> Surveyed:
    """Run the command without pauses; `config` are further options of the source."""
    content = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, **config}
    arguments = [*options, *(["--json"] if as_json else [])]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(json.dumps(content))
        return run_with(["--config", str(file), *arguments])


def run_with(arguments: list[str]) -> Surveyed:
    """Run the command with this command line."""
    errors = StringIO()
    with redirect_stdout(StringIO()) as output, redirect_stderr(errors), patch.object(sys, "__stderr__", errors):
        exit_code = survey(arguments, sleep=lambda _: None)
    return Surveyed(exit_code, output.getvalue(), errors.getvalue())


def start_over(sandbox: Sandbox, district: District) -> Sandbox:
    """Return the sandbox with its default settings, and without faults and hooks."""
    sandbox.service.settings = Settings()
    sandbox.faults.clear()
    sandbox.clock.release()
    sandbox.journal.clear()
    sandbox.on_request = sandbox.on_answer = None
    sandbox.district = district
    return sandbox


def everything_fits(surveyed: Surveyed, **others: str) -> bool:
    """Return whether every stream has the verdict that it has with the default sandbox, except for `others`."""
    usual = dict.fromkeys(surveyed.verdicts, FITS) | {"delivered_records": UNTESTED}
    return surveyed.verdicts == usual | others


def records_changed(
    change: Callable[[dict[str, Any]], None], route: str = LISTED
) -> Callable[[JournalEntry, Any], Any]:
    """Return a hook that changes each record of the pages of a route."""

    def hook(entry: JournalEntry, content: Any) -> Any:
        if entry.route == route:
            for record in content["records"]:
                change(record)
        return content

    return hook


def answer_changed(change: Callable[[Any, str], Any], route: str = LISTED) -> Callable[[JournalEntry, Any], Any]:
    """Return a hook that replaces each answer of a route. `change` gets the answer and the query."""
    return lambda entry, content: change(content, entry.query) if entry.route == route else content
