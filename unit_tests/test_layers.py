"""Imports point in one direction, and no two public classes share a name."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "powerschool_enrollment_api",
    "powerschool_enrollment_airbyte",
    "source_powerschool_enrollment",
    "destination_powerschool_enrollment",
    "powerschool_enrollment_survey",
    "powerschool_enrollment_roster",
    "powerschool_enrollment_sandbox",
}
MAY_IMPORT = {
    "powerschool_enrollment_api": set(),
    "powerschool_enrollment_airbyte": {"powerschool_enrollment_api"},
    "source_powerschool_enrollment": {"powerschool_enrollment_api", "powerschool_enrollment_airbyte"},
    "destination_powerschool_enrollment": {"powerschool_enrollment_api", "powerschool_enrollment_airbyte"},
    "powerschool_enrollment_survey": {
        "powerschool_enrollment_api",
        "powerschool_enrollment_airbyte",
        "source_powerschool_enrollment",
    },
    "powerschool_enrollment_roster": {
        "powerschool_enrollment_api",
        "powerschool_enrollment_airbyte",
        "destination_powerschool_enrollment",
    },
}

ROSTER = "powerschool_enrollment_roster"
ROSTER_MAY_IMPORT = {
    "reading": {"reading"},
    "mapping": {"reading", "mapping"},
    "sending": {"reading", "mapping", "sending"},
}

SANDBOX = "powerschool_enrollment_sandbox"
SANDBOX_MAY_IMPORT = {
    "district": {"district"},
    "http": {"district", "http", "settings"},
    "control": {"district", "http", "control"},
}


def imported_modules(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def imported_packages(module: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported_modules(module)}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_lower_layers(package):
    modules = sorted((ROOT / package).rglob("*.py"))

    assert modules
    for module in modules:
        forbidden = imported_packages(module) & PACKAGES - MAY_IMPORT[package] - {package}
        assert not forbidden, f"{module.relative_to(ROOT)} imports {forbidden}"


@pytest.mark.parametrize("folder", SANDBOX_MAY_IMPORT)
def test_sandbox_folder_imports_only_lower_folders(folder):
    modules = sorted((ROOT / SANDBOX / folder).rglob("*.py"))

    assert modules
    for module in modules:
        imported = [name.split(".") for name in imported_modules(module) if name.split(".")[0] == SANDBOX]
        forbidden = {".".join(name[1:2]) for name in imported} - SANDBOX_MAY_IMPORT[folder]
        assert not forbidden, f"{module.relative_to(ROOT)} imports {forbidden}"


@pytest.mark.parametrize("folder", ROSTER_MAY_IMPORT)
def test_roster_folder_imports_only_earlier_folders(folder):
    modules = sorted((ROOT / ROSTER / folder).rglob("*.py"))

    assert modules
    for module in modules:
        imported = {name.split(".")[1] for name in imported_modules(module) if name.startswith(f"{ROSTER}.")}
        forbidden = imported & ROSTER_MAY_IMPORT.keys() - ROSTER_MAY_IMPORT[folder]
        assert not forbidden, f"{module.relative_to(ROOT)} imports {forbidden}"


def test_no_two_public_classes_share_a_name():
    modules = [module for package in PACKAGES for module in sorted((ROOT / package).rglob("*.py"))]
    classes = [
        node.name
        for module in modules
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]

    assert classes
    assert [name for name, number in Counter(classes).items() if number > 1] == []


@pytest.mark.parametrize("name", ["envelope", "address", "settings", "errors", "retry"])
def test_modules_that_send_nothing_import_no_network_library(name):
    module = ROOT / "powerschool_enrollment_api" / f"{name}.py"
    assert not imported_packages(module) & {"requests", "urllib3"}


def test_client_library_loads_no_airbyte_module():
    program = (
        "import sys, powerschool_enrollment_api; print([name for name in sys.modules if name.startswith('airbyte')])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
