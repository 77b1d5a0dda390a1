"""Imports last night's roster, and reacts to the outcome. Copy it into a pipeline, and change ROSTER.

It needs POWERSCHOOL_ENROLLMENT_API_KEY and POWERSCHOOL_ENROLLMENT_IMPORT_INTO. It runs the import again after an outage
of the service: this is safe, because rows that were accepted are written again with the same values.
"""

import subprocess
import sys
import time
from pathlib import Path

ROSTER = ["/srv/sis/roster.csv", "--only", "status=active"]
# Or a query: ROSTER = ["--database", "postgresql://reader@sis/district", "--query", "select * from roster"]
OPTIONS = ["--mapping", "/srv/enrollment/mapping.yaml", "--skip-unchanged"]
REJECTED = Path("/srv/enrollment/rejected.csv")

COMMAND = [sys.executable, "-m", "powerschool_enrollment_roster"]
ACCEPTED, FAILED, SOME_REJECTED = 0, 1, 3
ATTEMPTS, PAUSE_SECONDS = 3, 15 * 60


def main(arguments: list[str], pause: float = PAUSE_SECONDS) -> int:
    """Import the roster, and try again after a failure; return the exit code of the last attempt."""
    code = FAILED
    for attempt in range(1, ATTEMPTS + 1):
        code = subprocess.run([*COMMAND, *arguments], check=False).returncode
        if code != FAILED:
            break
        if attempt < ATTEMPTS:
            print(f"Attempt {attempt} failed: trying again in {pause:g} s.", flush=True)
            time.sleep(pause)
    report(code)
    return code


def report(code: int) -> None:
    """Report who must act. Replace the prints by messages, without any row: the records are children's."""
    if code == ACCEPTED:
        print("Every row was accepted.")
    elif code == SOME_REJECTED:
        print(f"Registrar: fix the rows in the newest file in {REJECTED.parent}, and import that file.")
    elif code == FAILED:
        print("Operator: the import failed; the reason is above.")
    else:
        print("Operator: nothing was sent, or the import was stopped; the reason is above.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [*ROSTER, *OPTIONS, "--rejected", str(REJECTED)]))
