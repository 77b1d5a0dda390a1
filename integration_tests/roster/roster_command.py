"""Runs the import command in this process."""

import io
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from integration_tests.in_this_process import exit_code_of
from powerschool_enrollment_roster import command
from powerschool_enrollment_roster.endings import ExitCode

KEY, ADDRESS = "POWERSCHOOL_ENROLLMENT_API_KEY", "POWERSCHOOL_ENROLLMENT_BASE_URL"
INTO = "POWERSCHOOL_ENROLLMENT_IMPORT_INTO"


def connection(sandbox):
    return {KEY: sandbox.api_key, ADDRESS: sandbox.base_url}


def run_import(*arguments, sandbox=None, folder=None, stdin=None, **environment):
    """Run the command and check its last line; return its exit code and its output."""
    arguments = [command.__name__, *map(str, arguments)]
    shown, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as process, signals_restored():
        process.chdir(folder or os.curdir)
        for name in (KEY, ADDRESS, INTO):
            process.delenv(name, raising=False)
        for name, value in {"COLUMNS": "200", **(connection(sandbox) if sandbox else {}), **environment}.items():
            process.setenv(name, value)
        stdin = io.TextIOWrapper(stdin) if stdin else None
        for name, value in {"argv": arguments, "stdin": stdin, "stdout": shown, "stderr": errors}.items():
            process.setattr(sys, name, value)
        code = exit_code_of(command.run)
    result = subprocess.CompletedProcess(arguments, code, shown.getvalue(), errors.getvalue())
    check_ending(result)
    return result


def check_ending(result):
    """Check that the last line is "Nothing was sent." if the exit code is 2, and that no other output contains it."""
    shown = result.stdout + result.stderr
    assert shown.count("Nothing was sent.") == (result.returncode == ExitCode.REFUSED), shown
    assert result.returncode != ExitCode.REFUSED or shown.endswith("\nNothing was sent.\n"), shown


@contextmanager
def signals_restored():
    """Restore the handlers that the command sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def without_rate(shown):
    """Return the output without the rate, because its digits may be equal to those of a value."""
    return re.sub(r"in [\d.]+ s: [\d,]+ rows/s", "", shown)


def schema_ids(sandbox):
    """Return the IDs of the import schemas of the first form: with the names of data items, and with short names."""
    form = next(iter(sandbox.district.forms.values()))
    return list(form.import_schemas)


def rows_sent(sandbox):
    """Return the rows that arrived, in the order of their IDs."""
    rows = [dict(attempt.row) for attempt in sandbox.district.imports.attempts]
    return sorted(rows, key=lambda row: row.get("ExternalID") or row.get("stu_ExternalID") or "")
