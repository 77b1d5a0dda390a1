"""The console script `powerschool-enrollment-survey`.

Exit code: 0 every stream that was tested fits; 1 one does not; 2 no report was made, because the command is wrong or
the service cannot be used; 130 it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from powerschool_enrollment_airbyte.cli_files import read_object
from powerschool_enrollment_airbyte.output import print_on_stderr, use_utf8_output
from powerschool_enrollment_api import EnrollmentError
from powerschool_enrollment_survey.facts import facts_of
from powerschool_enrollment_survey.plan import Plan, manifest
from powerschool_enrollment_survey.report import markdown_of
from powerschool_enrollment_survey.sending import AT_ONCE, MOST_REQUESTS, Sender
from powerschool_enrollment_survey.verdicts import NOT_FITTING, judge
from source_powerschool_enrollment.config import SourceConfig

_DOES_NOT_FIT, _NO_REPORT, _INTERRUPTED = 1, 2, 130


def run() -> None:
    """Run the command, and exit with its code."""
    use_utf8_output()
    logging.raiseExceptions = False
    exit_code = survey(sys.argv[1:])
    if exit_code:
        os._exit(exit_code)  # does not wait for a request in flight, or for a pipe that no process reads


def survey(command_line: Sequence[str], *, sleep: Callable[[float], None] = time.sleep) -> int:
    """Send the requests, print the report, and return the exit code. Errors are printed without the service's texts."""
    options = _parser().parse_args(command_line)
    try:
        facts = _facts(options, sleep)
        sys.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False) if options.json else markdown_of(facts))
        sys.stdout.write("\n")
        sys.stdout.flush()
    except EnrollmentError as error:
        print_on_stderr(str(replace(error, service_message=None)))
        return _NO_REPORT
    except KeyboardInterrupt:
        print_on_stderr("Interrupted. No report was written.")
        return _INTERRUPTED
    except BrokenPipeError:
        return _NO_REPORT
    except OSError as error:
        print_on_stderr(f"The report cannot be written: {error.strerror}.")
        return _NO_REPORT
    except Exception as error:  # noqa: BLE001 - its text may contain a value of a record
        print_on_stderr(
            f"The survey failed unexpectedly: {type(error).__name__} in {_place(error)}. Please report this."
        )
        return _NO_REPORT
    verdicts = [facts["check"], *facts["verdicts"]]
    return _DOES_NOT_FIT if any(each["verdict"] == NOT_FITTING for each in verdicts) else 0


def _facts(options: argparse.Namespace, sleep: Callable[[float], None]) -> dict[str, Any]:
    config = _config(options.config)
    print_on_stderr(f"Reading {config.connection.base_url}: at most {MOST_REQUESTS} requests, {AT_ONCE} at a time.")
    sender = Sender(config.connection, sleep=sleep)
    evidence = Plan(config, sender, options.document).gather()
    return facts_of(config, evidence, judge(evidence), sender.log, with_names=options.field_names)


def _config(path: str) -> SourceConfig:
    """Return the source's configuration. Raises EnrollmentError."""
    return SourceConfig.validated(read_object(path, "--config"), manifest()["spec"]["connection_specification"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="powerschool-enrollment-survey",
        description="Reports whether the source can read a PowerSchool Enrollment service, with at most "
        f"{MOST_REQUESTS} GET requests. The report contains no value of a record.",
    )
    add = parser.add_argument
    add("--config", required=True, metavar="FILE", help="the source's configuration, a JSON file")
    add("--json", action="store_true", help="print JSON instead of Markdown")
    add("--document", metavar="FIELD", help="also request the address of a document, whose id is in this data item")
    add("--field-names", action="store_true", help="also show the names of data items and of new fields")
    return parser


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame."""
    frames = traceback.extract_tb(error.__traceback__)
    with suppress(IndexError):
        return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"
    return "an unknown place"
