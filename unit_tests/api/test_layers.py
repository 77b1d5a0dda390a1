"""Imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {
    "powerschool_enrollment_api",
    "source_powerschool_enrollment",
    "destination_powerschool_enrollment",
    "powerschool_enrollment_sandbox",
}
MAY_IMPORT = {
    "powerschool_enrollment_api": set(),
    "source_powerschool_enrollment": {"powerschool_enrollment_api"},
    "destination_powerschool_enrollment": {"powerschool_enrollment_api"},
}


def imported_packages(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_stands_below_it(package):
    modules = sorted((ROOT / package).rglob("*.py"))

    assert modules
    for module in modules:
        forbidden = imported_packages(module) & OURS - MAY_IMPORT[package] - {package}
        assert not forbidden, f"{module.relative_to(ROOT)} imports {forbidden}"


def test_what_is_no_network_code_imports_none():
    for name in ("envelope", "address", "settings", "errors", "pace"):
        module = ROOT / "powerschool_enrollment_api" / f"{name}.py"
        assert not imported_packages(module) & {"requests", "urllib3", "airbyte_cdk"}
