"""Writes a row whose values must never be printed."""

from pathlib import Path

from integration_tests.destination.session import (
    Session,
    catalog,
    config,
    record,
    run,
    stream_state,
)
from integration_tests.destination.stand_in import StandIn

SHORT_TIMEOUTS = {"POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "1.5", "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS": "0.5"}
MARKED = {"StudentID": "777123", "FirstName": "Zyxwana", "Comment": "vertraulich"}
MARKS = ("777123", "Zyxwana", "vertraulich", "a-key-nobody-may-see")


def write(folder: Path, service: StandIn, *rows: dict | str, stream: dict | None = None, **options: object) -> Session:
    """Write the marked row, or others, followed by a state, and assert that no mark and no stack trace is printed."""
    streams = {"streams": [stream]} if stream else catalog()
    lines = [row if isinstance(row, str) else record(row) for row in rows or (MARKED,)]
    session = run(folder, config(service, **options), streams, [*lines, stream_state(1)], environment=SHORT_TIMEOUTS)
    for text in (*MARKS, "Traceback"):
        assert text not in session.everything
    return session
