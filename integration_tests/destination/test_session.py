"""A command that runs in the test's process prints and ends like a separate process, and changes nothing in it."""

import json
import logging
import os
import sys
from pathlib import Path

import pytest
from airbyte_cdk.utils import airbyte_secrets_utils

from integration_tests.destination.marked_row import MARKED
from integration_tests.destination.session import (
    Session,
    catalog,
    config,
    in_a_process,
    in_this_process,
    record,
    run,
    stream_state,
)
from integration_tests.destination.stand_in import Reply, StandIn
from integration_tests.in_this_process import SECRETS, InThisProcess


def printed(session: Session) -> list[str]:
    """Return the messages, in any order and without their times."""
    messages = [message for _, message in session.messages]
    for message in messages:
        message.get("trace", {}).pop("emitted_at", None)
    return sorted(json.dumps(message, sort_keys=True) for message in messages)


@pytest.mark.parametrize("reply", [Reply(), Reply(403, {}), Reply(409, {"message": "Zyxwana is locked."})])
def test_messages_errors_and_exit_code_are_those_of_a_process(service: StandIn, tmp_path: Path, reply: Reply) -> None:
    service.answer = lambda _: reply
    rows = [record(MARKED), stream_state("naïve ☃")]
    inside, outside = (
        run(tmp_path, config(service), catalog(), rows, start=start) for start in (in_this_process, in_a_process)
    )
    assert printed(inside) == printed(outside)
    assert (inside.code, inside.errors) == (outside.code, outside.errors)


def changeable_state() -> list[object]:
    """Return the state of this process that a command may change."""
    root, airbyte = logging.getLogger(), logging.getLogger("airbyte")
    streams = [sys.stdin, sys.stdout, sys.stderr, sys.__stdout__]
    logs = [list(root.handlers), root.level, list(airbyte.handlers), airbyte.level, logging.raiseExceptions]
    return [*streams, *logs, list(sys.argv), sys.excepthook, dict(os.environ), getattr(airbyte_secrets_utils, SECRETS)]


def test_process_state_is_restored(service: StandIn, tmp_path: Path) -> None:
    before = changeable_state()
    run(tmp_path, config(service), catalog(), [record(MARKED)], environment={"ONLY_THE_COMMAND": "sees this"})
    assert changeable_state() == before


@pytest.mark.parametrize(
    ("ending", "code", "expected"),
    [
        (SystemExit(), 0, ""),
        (SystemExit(3), 3, ""),
        (SystemExit("The output is full."), 1, "The output is full.\n"),
        (KeyError("x"), 1, "Traceback (most recent call last)"),
    ],
    ids=repr,
)
def test_each_ending_has_the_exit_code_of_the_interpreter(ending: BaseException, code: int, expected: str) -> None:
    def script() -> None:
        raise ending

    program = InThisProcess(script, ["script"], {})
    assert program.wait(10) == code
    assert program.stderr.read().startswith(expected)


def test_a_second_command_at_the_same_time_is_refused(service: StandIn, tmp_path: Path) -> None:
    session = Session(tmp_path, config(service), catalog())
    with pytest.raises(RuntimeError, match="Another script is running"):
        in_this_process(["spec"], {})
    assert session.end().code == 0
