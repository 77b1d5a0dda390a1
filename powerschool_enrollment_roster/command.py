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

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def run() -> None:
    """Run the command and exit with its code."""
    use_utf8_output()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names are printed as their original bytes
    _handle_signals()
    sys.exit(_exit_code())


def _exit_code() -> ExitCode:
    screen = Screen()
    try:
        with logs_on(screen):
            return run_import(parse_options(), screen)
    except ImportRefused as refusal:
        return _failed(screen, f"{refusal}\n{NOTHING_SENT}", ExitCode.REFUSED)
    except EnrollmentError as error:
        return _failed(screen, f"{text_of(error)} Nothing was written.", ExitCode.FAILED)
    except KeyboardInterrupt:
        return _failed(screen, "Stopped. Nothing was written.", ExitCode.STOPPED)
    except Exception as error:  # noqa: BLE001 - its text may contain a row
        frames = "".join(traceback.format_tb(error.__traceback__))
        return _failed(screen, f"{frames}The import failed unexpectedly ({type(error).__name__}).", ExitCode.FAILED)


def _failed(screen: Screen, text: str, code: ExitCode) -> ExitCode:
    try:
        screen.fail(text)
    except KeyboardInterrupt:  # the reader of standard output is gone
        screen.fail(text)
    return code


def _handle_signals() -> None:
    """Handle SIGTERM and SIGHUP like Ctrl-C, so that no process and no temporary file is left behind."""

    def stop(*_: object) -> None:
        for each in _STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # a signal is often sent twice, and must not interrupt the clean-up
        raise KeyboardInterrupt

    for each in _STOP_SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup ignores SIGHUP, and it stays ignored
            signal.signal(each, stop)
