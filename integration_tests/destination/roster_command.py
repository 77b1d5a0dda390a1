"""Runs `make import`'s command over rosters of a test's own."""

import csv
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


EXAMPLES = ROOT / "examples"


MARK = "Zyxwana"


def command(*arguments):
    return [sys.executable, str(EXAMPLES / "import_roster.py"), *map(str, arguments)]


def environment(sandbox=None, **more):
    key = {}
    if sandbox is not None:
        key = {"POWERSCHOOL_ENROLLMENT_API_KEY": sandbox.api_key, "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url}
    return {**os.environ, "COLUMNS": "200", **key, **more}


def import_roster(*arguments, folder=None, sandbox=None, **more):
    return subprocess.run(
        command(*arguments),
        env=environment(sandbox, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


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
