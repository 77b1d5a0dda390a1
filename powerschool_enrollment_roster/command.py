"""The console script `powerschool-enrollment-import`: its exit codes, signals and unexpected failures."""

from __future__ import annotations

import signal
import sys
import traceback
from io import TextIOWrapper

from powerschool_enrollment_airbyte.output import use_utf8_output
from powerschool_enrollment_api import EnrollmentError
from powerschool_enrollment_roster.endings import NOTHING_SENT, ExitCode, ImportRefused
from powerschool_enrollment_roster.importing import run_import
from powerschool_enrollment_roster.options import parse_options
from powerschool_enrollment_roster.screen import Screen, logs_on
from powerschool_enrollment_roster.sending.guidance import text_of
from powerschool_enrollment_roster.sending.import_report import ImportReport

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAILURE = "red"


def run() -> None:
    """Run the command and exit with its code."""
    use_utf8_output()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names are printed as their original bytes
    _handle_signals()
    sys.exit(_exit_code())


def _exit_code() -> ExitCode:
    screen, report = Screen(), ImportReport()
    try:
        with logs_on(screen):
            return run_import(parse_options(), screen, report)
    except ImportRefused as refusal:
        if not report.has_begun:
            screen.report(f"{refusal}\n{NOTHING_SENT}", _FAILURE)
            return ExitCode.REFUSED
        reason, code = str(refusal), ExitCode.FAILED
    except EnrollmentError as error:
        reason, code = text_of(error), ExitCode.FAILED
    except KeyboardInterrupt:
        reason, code = "The import was stopped.", ExitCode.STOPPED
    except Exception as error:  # noqa: BLE001 - its text may contain a row
        reason, code = _unexpected(error), ExitCode.FAILED
    screen.report("\n".join([reason, *report.so_far()]), _FAILURE)
    return code


def _unexpected(error: Exception) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    happened = f"The import failed unexpectedly ({type(error).__name__})."
    return f"{frames}{happened} Please report this with the lines above: they contain no value of a row."


def _handle_signals() -> None:
    """Handle SIGTERM and SIGHUP like Ctrl-C, so that no process and no temporary file is left behind.

    After the first signal, all are ignored: the clean-up is short, and the report that follows must be printed.
    """

    def stop(*_: object) -> None:
        for each in _STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in _STOP_SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup ignores SIGHUP, and it stays ignored
            signal.signal(each, stop)
