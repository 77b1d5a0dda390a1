"""Runs dbt in the environment that `make dbt` installs, and returns its results."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dbt"
BIN = ROOT / ".venv-dbt" / "bin"


@dataclass(frozen=True)
class Finished:
    """How dbt ended, what it printed, and the result of each node."""

    exit_code: int
    stdout: str
    results: list[dict[str, Any]]

    @property
    def statuses(self) -> Counter[str]:
        return Counter(result["status"] for result in self.results)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the results of one kind: `model`, `test` or `unit_test`."""
        return [result for result in self.results if result["unique_id"].startswith(f"{kind}.")]


def run_dbt(
    *arguments: str, folder: Path, output: Mapping[str, Any], project: Path = PACKAGE, **variables: Any
) -> Finished:
    """Run a dbt command with a profile of this output. The profile, results and logs are in the folder."""
    profiles = {profile_name(project): {"target": "target", "outputs": {"target": dict(output)}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
    results = folder / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    options = ["--vars", json.dumps(variables)]
    done = _run([BIN / "dbt", "--no-use-colors", *arguments, *options], folder, project)
    found = json.loads(results.read_text())["results"] if results.exists() else []
    return Finished(done.returncode, done.stdout, found)


def render_for(dialect: str, folder: Path) -> dict[str, str]:
    """Return the SQL of each model for another warehouse, with the profile of the last command in this folder.

    Raises AssertionError if a model cannot be rendered, or parsed as SQL of that warehouse.
    """
    done = _run([BIN / "python", Path(__file__).with_name("compile_for.py"), dialect], folder, PACKAGE)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def _run(command: Sequence[str | Path], folder: Path, project: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with dbt's folders in the environment: not every command of dbt has an option for each."""
    folders = {
        "DBT_PROJECT_DIR": project,
        "DBT_PROFILES_DIR": folder,
        "DBT_TARGET_PATH": folder / "target",
        "DBT_LOG_PATH": folder / "logs",
    }
    environment = {**os.environ, "DO_NOT_TRACK": "1", **{name: str(path) for name, path in folders.items()}}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


def profile_name(project: Path) -> str:
    """Return the name of the profile that a project uses."""
    return yaml.safe_load((project / "dbt_project.yml").read_text())["profile"]
