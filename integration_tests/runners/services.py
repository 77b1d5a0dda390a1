"""What the commands of docs/runners.md connect to: a sandbox, and a PostgreSQL server where it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from integration_tests.postgres.server import INSTALLED, USER, running_server
from powerschool_enrollment_sandbox import SandboxProcess

DATABASE = "enrollment"
OTHER_TIME_ZONE = "America/Chicago"  # the page must not depend on the database's


@contextmanager
def running_services() -> Iterator[dict[str, str]]:
    """Yield the environment that the page's first section describes, with other addresses."""
    with ExitStack() as resources:
        sandbox = resources.enter_context(SandboxProcess())
        yield {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], *_pyenv()]),
            "POWERSCHOOL_ENROLLMENT_API_KEY": sandbox.api_key,
            "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url,
            **(_postgres(resources) if INSTALLED else {}),
        }


def _postgres(resources: ExitStack) -> dict[str, str]:
    server = resources.enter_context(running_server())
    server.create_database(DATABASE, OTHER_TIME_ZONE)
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": USER,
        "PGPASSWORD": "none",
        "PGDATABASE": DATABASE,
        "PGTZ": "UTC",
    }


def _pyenv() -> list[str]:
    """Return the folders of pyenv's interpreters: pyenv puts only the selected ones on PATH."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return [str(folder) for folder in sorted(root.glob("versions/*/bin"))]
