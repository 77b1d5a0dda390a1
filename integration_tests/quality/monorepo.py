"""Copies the connectors into the layout of Airbyte's monorepo, because the checks work only there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import toml
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[2]
CONNECTORS = {
    "source-powerschool-enrollment": REPOSITORY,
    "destination-powerschool-enrollment": REPOSITORY / "destination_powerschool_enrollment",
}


def lay_out(tree: Path) -> None:
    """Write both connectors and all pages below this folder."""
    shutil.copytree(REPOSITORY / "docs", tree / "docs" / "integrations")
    for name, entry in CONNECTORS.items():
        _lay_out_connector(name, entry, tree / "airbyte-integrations" / "connectors" / name)


def _lay_out_connector(name: str, entry: Path, folder: Path) -> None:
    for package in ("powerschool_enrollment_api", name.replace("-", "_")):
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (entry / "metadata.yaml", entry / "icon.svg", REPOSITORY / "README.md"):
        shutil.copy(file, folder)
    (folder / "pyproject.toml").write_text(toml.dumps(_poetry_project(name)))


def _poetry_project(name: str) -> dict[str, Any]:
    """Return pyproject.toml with the values of `[project]` in Poetry's table, too: the checks read only that one."""
    pyproject = toml.loads((REPOSITORY / "pyproject.toml").read_text())
    project = pyproject["project"]
    needed = {requirement.name: str(requirement.specifier) for requirement in map(Requirement, project["dependencies"])}
    poetry = {
        "name": f"airbyte-{name}",
        "version": project["version"],
        "license": project["license"],
        "dependencies": {"python": project["requires-python"], **needed},
    }
    return {**pyproject, "tool": {**pyproject["tool"], "poetry": poetry}}
