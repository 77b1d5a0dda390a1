"""The wheels of `make dist`: the one with the code, and one per connector, under the name that runners derive."""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.metadata import parse_email

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
CONNECTORS = ("source-powerschool-enrollment", "destination-powerschool-enrollment")
SURVEY = "powerschool-enrollment-survey"
CODE = "airbyte-powerschool-enrollment"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return the folder of all wheels, built as by `make dist` but without a network."""
    folder = tmp_path_factory.mktemp("dist")
    for project in (ROOT, *(ROOT / "packaging" / name for name in CONNECTORS)):
        run(
            UV,
            "build",
            "--wheel",
            "--offline",
            "--no-build-isolation",
            "--python",
            sys.executable,
            "--out-dir",
            folder,
            project,
        )
    return folder


def metadata(wheels, name):
    (wheel,) = wheels.glob(f"{name.replace('-', '_')}-*.whl")
    (member,) = [*unpacked(wheel).rglob("METADATA")]
    return parse_email(member.read_bytes())[0]


def unpacked(wheel):
    folder = wheel.with_suffix("")
    shutil.unpack_archive(wheel, folder, "zip")
    return folder


@pytest.mark.parametrize("connector", CONNECTORS)
def test_connector_wheel_requires_the_code_in_its_version(wheels, connector):
    code, thin = metadata(wheels, CODE), metadata(wheels, f"airbyte-{connector}")
    assert thin["requires_dist"] == [f"{CODE}=={code['version']}"]
    assert thin["version"] == code["version"]
    assert thin["requires_python"] == code["requires_python"]


@pytest.mark.parametrize("connector", CONNECTORS)
def test_connector_wheel_installs_its_commands_in_an_empty_environment(wheels, connector, tmp_path):
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    install = (UV, "pip", "install", "--quiet", "--offline", "--no-index", "--no-deps", "--find-links", wheels)
    run(*install, "--python", python, CODE)
    for script in (connector, SURVEY):
        (tmp_path / "venv" / "bin" / script).unlink()  # pipx and uvx offer only scripts of the package they install
    run(*install, "--python", python, f"airbyte-{connector}")
    site_packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # Third-party packages are this environment's, so that no network is needed.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    printed = run(tmp_path / "venv" / "bin" / connector, "spec")
    (spec,) = [message["spec"] for message in map(json.loads, printed.splitlines()) if message["type"] == "SPEC"]
    assert spec["connectionSpecification"]["required"][0] == "api_key"
    if connector.startswith("source"):
        assert "40 GET requests" in " ".join(run(tmp_path / "venv" / "bin" / SURVEY, "--help").split())
    package = connector.replace("-", "_")
    assert str(site_packages) in run(python, "-I", "-c", f"import {package}; print({package}.__file__)")
