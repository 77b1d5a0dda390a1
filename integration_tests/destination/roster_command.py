"""Runs `make import`'s command over rosters that a test writes: in this process, unless it is the subject."""

import contextlib
import csv
import io
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import roster_writer

from destination_powerschool_enrollment import destination as console_script
from integration_tests.in_this_process import InThisProcess, exit_code_of
from powerschool_enrollment_sandbox import running_sandbox

ROOT = Path(__file__).parents[2]


EXAMPLES = ROOT / "examples"


MARK = "Zyxwana"


def command(*arguments):
    return [sys.executable, str(EXAMPLES / "import_roster.py"), *map(str, arguments)]


def connection(sandbox=None):
    if sandbox is None:
        return {}
    return {"POWERSCHOOL_ENROLLMENT_API_KEY": sandbox.api_key, "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url}


def environment(sandbox=None, **more):
    return {**os.environ, "COLUMNS": "200", **connection(sandbox), **more}


def import_roster(*arguments, folder=None, sandbox=None, **more):
    """Run the script, and the destination that it starts, in this process."""
    script, shown, errors = command(*arguments)[1:], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as process, signals_restored():
        process.chdir(folder or Path.cwd())
        for name, value in {**connection(sandbox), **more}.items():
            process.setenv(name, value)
        for name, value in {"argv": script, "stdout": shown, "stderr": errors}.items():
            process.setattr(sys, name, value)
        process.setattr(roster_writer.console, "_file", shown)  # not where the destination prints in the meantime
        process.setattr(roster_writer, "destination", destination)
        process.setattr("powerschool_enrollment_sandbox.SandboxProcess", running_sandbox)
        code = exit_code_of(lambda: runpy.run_path(script[0], run_name="__main__"))
    return subprocess.CompletedProcess(script, code, shown.getvalue(), errors.getvalue())


@contextlib.contextmanager
def destination(*arguments, stdin=None):
    """Run the destination in this process, in place of `roster_writer.destination`."""
    its_input = stdin and io.TextIOWrapper(stdin)
    program = InThisProcess(console_script.run, [roster_writer.DESTINATION, *arguments], {}, its_input)
    try:
        yield program
    finally:
        program.stdout.close()
        program.wait(60)
    sys.stderr.write(program.stderr.read())


@contextlib.contextmanager
def signals_restored():
    """Restore the handlers that the script sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def short_roster(sandbox):
    """Return the id of an import schema that takes the sample, and how its name ends."""
    form = next(iter(sandbox.district.forms.values()))
    schema = list(form.import_schemas)[1]
    return schema, f"[published action {form.id}, import schema {schema}]"


def write_roster(folder, rows):
    """Write a roster of children who are all called `MARK`, with a birthday each, if any."""
    file = folder / "my.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["ExternalID", "FirstName", "LastName", "DateOfBirth"])
        writer.writerows([number, MARK, MARK, birthday] for number, birthday in rows)
    return file
