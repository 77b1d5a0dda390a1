"""Measures the import command with a large roster, as text and as a spreadsheet: time and peak memory."""

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from rich.console import Console
from rich.table import Table

from powerschool_enrollment_sandbox import District, SandboxProcess

STUDENTS = 100_000
CHANGED_EVERY = 100
LATENCY_MS = 100
COLUMNS = (
    "ExternalID",
    "FirstName",
    "MiddleName",
    "LastName",
    "DateOfBirth",
    "Gender",
    "Grade",
    "School",
    "Phone",
    "Email",
)
COMMAND = str(Path(sys.executable).with_name("powerschool-enrollment-import"))


@dataclass(frozen=True)
class ImportMeasurement:
    """The time and the memory that one run of the command took, and the last line of its output."""

    seconds: float
    cpu_seconds: float
    megabytes: float
    output: str


def main() -> None:
    """Import a roster in which one row in a hundred differs from the district's, and print a table."""
    options = {"forms": 1, "roster_records": STUDENTS}
    table = Table("Input", "Rows", "Time", "CPU time", "Peak memory", "Outcome")
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder), [f"stu_{column}" for column in COLUMNS], students())
        for file in files:
            with SandboxProcess(**options, latency_ms=LATENCY_MS) as sandbox:
                sandbox.change_settings(refuse_started=False)
                measured = run_import(sandbox, file)
            figures = (f"{measured.seconds:.1f} s", f"{measured.cpu_seconds:.1f} s", f"{measured.megabytes:.0f} MB")
            table.add_row(file.suffix, f"{STUDENTS:,}", *figures, measured.output)
    Console(width=160).print(table)


def students() -> Iterator[list[str]]:
    """Yield the roster as the sandbox has it, with another phone number in every hundredth row."""
    district = District.generate(forms=1, roster_records_per_form=STUDENTS)
    roster = next(iter(district.forms.values())).roster
    for number, record_id in enumerate(roster.ids()):
        items = roster[record_id]["dataItems"]
        row = [items[f"stu_{column}"] or "" for column in COLUMNS]
        if row[0]:  # new students have no number yet
            yield row if number % CHANGED_EVERY else [*row[:8], "512-555-0199", row[9]]


def write_files(folder: Path, header: list[str], rows: Iterator[list[str]]) -> list[Path]:
    """Write the roster as .csv and .xlsx."""
    text, workbook = folder / "roster.csv", Workbook(write_only=True)
    sheet = workbook.create_sheet("Roster")
    with text.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in (header, *rows):
            writer.writerow(row)
            sheet.append(row)
    workbook.save(folder / "roster.xlsx")
    return [text, folder / "roster.xlsx"]


def run_import(sandbox: SandboxProcess, file: Path) -> ImportMeasurement:
    """Run the command, and measure its process."""
    key = {"POWERSCHOOL_ENROLLMENT_API_KEY": sandbox.api_key, "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url}
    began = time.monotonic()
    with subprocess.Popen(
        [COMMAND, str(file), "--into", "Student information system", "--skip-unchanged"],
        env={**os.environ, **key},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    outcome = re.search(r"[\d,]+ rows: .*", output)
    cpu = usage.ru_utime + usage.ru_stime
    return ImportMeasurement(time.monotonic() - began, cpu, usage.ru_maxrss / 1024, outcome[0] if outcome else output)


if __name__ == "__main__":
    main()
