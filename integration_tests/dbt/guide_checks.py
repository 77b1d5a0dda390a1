"""docs/warehouse_recipes.md as a new user follows it: `make sync`, its two last lines, a project, the queries."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from integration_tests.dbt.command import PACKAGE, ROOT, run_dbt
from integration_tests.dbt.guide import PAGE, SCHEMA, block, with_results
from integration_tests.pyairbyte import needs_pyairbyte
from integration_tests.recipes.warehouse import DuckDBFile

pytestmark = [needs_pyairbyte, pytest.mark.xdist_group("guide")]
VARIABLES = {name: value for name, value in os.environ.items() if not name.startswith("POWERSCHOOL_ENROLLMENT_")}
INSTALL = "make dbt-install"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the parts of a clone that the commands need."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("dbt", ".venv-dbt", "examples"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def built(folder):
    """Sync the sandbox's district and run the last line that the sync prints."""
    command = [sys.executable, "examples/sync_to_duckdb.py", "--sandbox"]
    synced = subprocess.run(command, cwd=folder, env=VARIABLES, capture_output=True, text=True, check=True)
    install, build = synced.stdout.splitlines()[-2:]
    assert f"```\n{install}\n{build}\n```" in PAGE.read_text(encoding="utf-8")
    assert install == INSTALL
    # Several tests use the package's folder, so dbt writes its files elsewhere.
    elsewhere = ["--target-path", folder / "target", "--log-path", folder / "logs"]
    return subprocess.run(
        [*shlex.split(build), *elsewhere], cwd=folder, env=VARIABLES, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def project(folder):
    """A project with the package and the model that the page shows."""
    project = folder / "project"
    (project / "models").mkdir(parents=True)
    (package,) = yaml.safe_load(block("## Use it in your project", "yaml"))["packages"]
    assert {*package} == {"git", "subdirectory", "revision"}
    assert ROOT / package["subdirectory"] == PACKAGE
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(PACKAGE)}]}))
    (variables,) = re.findall(r"```yaml\n(vars:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    described = {"name": "district_reports", "version": "1.0", "profile": "district_reports"}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(described) + variables)
    (project / "models" / "family_contacts.sql").write_text(block("## Data items as columns", "jinja"))
    return project


@pytest.fixture(scope="module")
def installed(built, folder, project):
    """Build the project's model, and the package's model that the project's variables change, in the same file."""
    assert built.returncode == 0, built.stdout[-3000:]
    output = DuckDBFile(folder).profile(SCHEMA)
    assert run_dbt("deps", folder=folder, output=output, project=project).exit_code == 0
    select = ["--select", "+family_contacts", "missing_documents"]
    return run_dbt("run", *select, folder=folder, output=output, project=project)


def test_the_two_lines_of_make_sync_build_everything(built):
    assert built.returncode == 0, built.stdout[-3000:]
    assert "WARN=0 ERROR=0 SKIP=0" in built.stdout
    assert "Stream documents was not synced" in built.stdout


def test_the_package_can_be_installed_in_a_project(installed):
    assert installed.exit_code == 0, installed.stdout[-3000:]
    assert installed.statuses.keys() == {"success"}
    assert "deprecat" not in installed.stdout.lower()


def test_the_queries_on_the_page_have_the_results_on_the_page(installed, folder):
    assert installed.exit_code == 0, installed.stdout[-3000:]
    assert with_results(folder / "powerschool_enrollment.duckdb") == PAGE.read_text(encoding="utf-8")
