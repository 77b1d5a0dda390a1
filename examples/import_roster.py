"""Writes a roster (a CSV file) to PowerSchool Enrollment, and shows what became of its rows. Copy it and change it.

It needs POWERSCHOOL_ENROLLMENT_API_KEY. Name the target with --into (or POWERSCHOOL_ENROLLMENT_IMPORT_INTO);
without it you are shown what there is. With --sandbox it writes to a made-up district instead, and so it does with the
sample when there is neither a roster nor a key.

Exit code: 0 every row was accepted; 3 every row was tried, and some were rejected; 1 the import failed; 2 the file or
the command was wrong, and nothing was sent; 130 it was stopped.
"""

import argparse
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from roster_file import Roster, UnusableRoster, read_roster
from roster_students import refuse_rows_of_nobody, repetitions
from roster_target import Target, UnclearTarget, best_target, fields_of, target_called, targets_of
from roster_writer import console, discover, write

SAMPLE = Path(os.path.relpath(__file__)).with_name("roster.csv")
API_KEY = os.environ.get("POWERSCHOOL_ENROLLMENT_API_KEY")
BASE_URL = os.environ.get("POWERSCHOOL_ENROLLMENT_BASE_URL")
# A rejected row does not keep the others from being written; it fails only when more than one in twenty was rejected.
OPTIONS = {"num_workers": 8, "on_rejected_row": {"policy": "skip", "max_rejected_percent": 5}}
NOTHING_SENT, SOME_REJECTED, STOPPED = 2, 3, 130
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Write the roster; return the exit code."""
    arguments = parse_arguments()
    roster = read_roster(file_to_read(arguments))
    rejected_rows = file_for_rejected_rows(arguments)
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        options = {"skip_unchanged": arguments.skip_unchanged, "rejected_rows_file": str(rejected_rows)}
        config = write_json(folder / "config.json", {**OPTIONS, **options, **connection(arguments, resources)})
        target = target_of(arguments, roster, config)
        fields = fields_of(roster, target, dict(arguments.map), arguments.ignore)
        refuse_rows_of_nobody(roster, target, fields)
        catalog = write_json(folder / "catalog.json", target.catalog(fields.values()))
        console.print(f"Writing {len(roster.rows):,} rows of {roster.name} to {target.name!r}")
        if repeated := repetitions(roster, target, fields):
            console.print(repeated, style="yellow")
        with told_at_the_end(rejected_rows):
            code, confirmed = write(config, catalog, roster, fields)
            if confirmed.accepted and not arguments.skip_unchanged:
                console.print(confirmed.rate())
        return code or (SOME_REJECTED if confirmed.rejected else 0)


def file_to_read(arguments: argparse.Namespace) -> Path:
    """Return the roster's path. Raises UnclearTarget rather than write rows to an unintended place."""
    roster: Path | None = arguments.roster
    if API_KEY and not roster and not arguments.sandbox:
        raise UnclearTarget("Name a roster: with a key the sample is not written.")
    if roster and not API_KEY and not arguments.sandbox:
        raise UnclearTarget(
            "POWERSCHOOL_ENROLLMENT_API_KEY is not set. Set it, or add --sandbox to try the file on a made-up district."
        )
    return roster or SAMPLE


def target_of(arguments: argparse.Namespace, roster: Roster, config: str) -> Target:
    """Return the target: the one that was named, or the best match in the sandbox."""
    targets = targets_of(discover(config))
    may_choose = (arguments.sandbox or not API_KEY) and not arguments.into
    return best_target(roster, targets) if may_choose else target_called(arguments.into, targets)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Writes a roster to PowerSchool Enrollment.")
    add = parser.add_argument
    add("roster", nargs="?", type=Path, help="a CSV file in UTF-8 with a header")
    into = os.environ.get("POWERSCHOOL_ENROLLMENT_IMPORT_INTO")
    add("--into", default=into, help="what to write to: a part of its name, or its id")
    add("--map", type=pair, action="append", default=[], metavar="COLUMN=FIELD", help="the field of a column")
    add("--ignore", action="append", default=[], metavar="COLUMN", help="a column that is not sent")
    add("--sandbox", action="store_true", help="write to the sandbox, a made-up district, even if a key is set")
    add("--skip-unchanged", action="store_true", help="send only rows that differ from PowerSchool's roster")
    add("--rejected", metavar="FILE", type=Path, help="keeps rejected rows (default: ROSTER.rejected.jsonl)")
    return parser.parse_args()


def file_for_rejected_rows(arguments: argparse.Namespace) -> Path:
    """Return the file for rejected rows: beside the roster, unless another one is given."""
    roster: Path = arguments.roster or SAMPLE
    file: Path = arguments.rejected or roster.with_name(f"{roster.name}.rejected.jsonl")
    if file.exists() and file.samefile(roster):
        raise UnusableRoster(f"{file} is the roster itself: name another file with --rejected.")
    if file.is_dir() or not os.access(file.absolute().parent, os.W_OK):
        raise UnusableRoster(f"Rejected rows cannot be kept in {file}: name another file with --rejected.")
    return file


def pair(text: str) -> tuple[str, str]:
    """Return the column and the field of COLUMN=FIELD."""
    column, equals, field = text.rpartition("=")
    if not (column and equals and field):
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=FIELD")
    return column, field


def connection(arguments: argparse.Namespace, resources: ExitStack) -> dict[str, str]:
    """Return key and address: the district's from the environment, else the sandbox's, which runs as long as we do."""
    if API_KEY and not arguments.sandbox:
        console.print("Asking PowerSchool Enrollment what there is to write to.")
        return {"api_key": API_KEY, **({"base_url": BASE_URL} if BASE_URL else {})}
    if BASE_URL and not arguments.sandbox:
        raise UnclearTarget(
            "POWERSCHOOL_ENROLLMENT_BASE_URL is set, POWERSCHOOL_ENROLLMENT_API_KEY is not: set both, or neither."
        )
    from powerschool_enrollment_sandbox import SandboxProcess  # noqa: PLC0415 - a pipeline with a key has no need of it

    reason = "--sandbox was given" if arguments.sandbox else "POWERSCHOOL_ENROLLMENT_API_KEY is not set"
    unused = ", and the key is not used" if API_KEY else ""
    console.print(f"{reason}: this writes to the sandbox, a made-up district{unused}.")
    sandbox = resources.enter_context(SandboxProcess())
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


@contextmanager
def told_at_the_end(rejected_rows: Path) -> Iterator[None]:
    """Print where rejected rows are. Those of earlier runs stay in the file: it may be their only copy."""
    is_ours = not rejected_rows.exists()
    before = count_lines(rejected_rows)
    try:
        yield
    finally:
        if added := count_lines(rejected_rows) - before:
            earlier = f", below the {before:,} of earlier runs" if before else ""
            console.print(f"Rejected rows are kept, with their reasons, in {rejected_rows}: {added:,}{earlier}.")
        elif is_ours and rejected_rows.is_file() and not rejected_rows.stat().st_size:
            rejected_rows.unlink()


def count_lines(path: Path) -> int:
    """Return how many lines a file has, if there is one."""
    return len(path.read_bytes().splitlines()) if path.is_file() else 0


def write_json(path: Path, content: dict[str, Any]) -> str:
    """Write a file for the destination; return its path."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
    return str(path)


def end_as_after_ctrl_c() -> None:
    """Leave no process and no key behind when the program is terminated or its terminal closes."""

    def stop(*_: object) -> None:
        for told in ENDINGS:
            signal.signal(told, signal.SIG_IGN)  # it often comes twice, and must not end the clearing up
        raise KeyboardInterrupt

    for told in ENDINGS:
        if signal.getsignal(told) is not signal.SIG_IGN:  # nohup stays what it is
            signal.signal(told, stop)


def use_utf8_output() -> None:
    """Print UTF-8 in every locale: names of columns and files may not exist in the locale's encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


if __name__ == "__main__":
    use_utf8_output()
    end_as_after_ctrl_c()
    try:
        sys.exit(main())
    except (UnusableRoster, UnclearTarget) as problem:
        console.print(str(problem), style="red")
        sys.exit(NOTHING_SENT)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
