"""`.ci/environment`: which Python a make target gets, and the error if no Python is suitable.

uv is real and searches real folders. Each Python reports the version that the test chose. uv's commands that would
install something are only recorded.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")

# Resolved, because Python 3.10 does not follow a virtual environment's link to the interpreter.
BASE = Path(sys._base_executable).resolve()
# Runs this Python, and reports VERSION wherever uv, pip and the script read it.
PYTHON = f"""#!{BASE} -I
import os, platform, sys
claimed = "VERSION"
numbers = tuple(map(int, claimed.split(".")))
sys.version_info = type("V", (tuple,), dict(zip(("major", "minor", "micro"), map(property, (
    lambda v: v[0], lambda v: v[1], lambda v: v[2])))))((*numbers, "final", 0))
platform.python_version = lambda: claimed
platform.python_version_tuple = lambda: tuple(claimed.split("."))
arguments = sys.argv[1:]
if arguments[:2] == ["-m", "venv"]:
    os.makedirs(arguments[-1] + "/bin")
    os.symlink(os.path.abspath(sys.argv[0]), arguments[-1] + "/bin/python")
elif arguments[:2] == ["-m", "pip"]:
    sys.exit("ERROR: first line\\nERROR: Could not find a version of uv")
else:
    sys.executable = sys._base_executable = os.path.abspath(sys.argv[0])
    exec(arguments[arguments.index("-c") + 1])
"""

# `uv python find` is the real one. Commands that would change the machine are only recorded.
RECORDER = f"""#!/bin/sh
if [ "$1 $2" = "python find" ]; then exec {UV} "$@"; fi
echo "$@" >> "$RECORD"
case "$1 $2" in
  "python install")
    [ -n "$DOWNLOADED" ] || {{ echo "error: Failed to download" >&2; echo "  Caused by: dns error" >&2; exit 2; }}
    mv "$DOWNLOADED" "$(dirname "$DOWNLOADED")/python3.12" ;;
  "venv "*)
    while [ "$1" != --python ]; do shift; done
    rm -rf "$3"; mkdir -p "$3/bin"; ln -s "$2" "$3/bin/python" ;;
  "pip "*) exit "${{PIP_EXIT:-0}}" ;;
esac
"""


def write_executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@dataclass
class Machine:
    """A machine with a clone of the project, and with only the Pythons that a test adds."""

    clone: Path
    bin: Path
    home: Path

    def put_on_path(self, **pythons: str) -> None:
        """Put Pythons with these versions on PATH: `python3_12="3.12.4"` becomes the command `python3.12`."""
        for name, version in pythons.items():
            write_executable(self.bin / name.replace("_", "."), PYTHON.replace("VERSION", version))

    def put_in_pyenv(self, version: str) -> None:
        minor = version.rpartition(".")[0]
        folder = self.home / ".pyenv" / "versions" / version / "bin"
        write_executable(folder / f"python{minor}", PYTHON.replace("VERSION", version))

    def make(self, need: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.clone / ".ci" / "environment", need],
            env={
                "PATH": f"{self.bin}:{self.bin.parent / 'tools'}",
                "HOME": str(self.home),
                "UV_CACHE_DIR": str(self.home / "uv-cache"),
                "UV_PYTHON_INSTALL_DIR": str(self.home / "uv-pythons"),
                "RECORD": str(self.record_file),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def record_file(self) -> Path:
        return self.home / "record"

    @property
    def recorded(self) -> list[str]:
        return self.record_file.read_text().splitlines() if self.record_file.exists() else []

    def version(self) -> str:
        shown = subprocess.run(
            [self.clone / ".venv/bin/python", "-c", "import platform; print(platform.python_version())"],
            capture_output=True,
            text=True,
            check=True,
        )
        return shown.stdout.strip()


@pytest.fixture
def machine(tmp_path):
    """A machine with uv and without any Python."""
    clone, tools = tmp_path / "clone", tmp_path / "tools"
    (clone / ".ci").mkdir(parents=True)
    tools.mkdir()
    for name in (".ci/environment", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, clone / name)
    for name in ("bash", "env", "sh", "sed", "cat", "cksum", "dirname", "mkdir", "mv", "rm", "ln"):
        (tools / name).symlink_to(shutil.which(name))
    write_executable(clone / ".cache/uv/bin/uv", RECORDER)
    pin = re.search(r"^uv==(?:.*\\\n)*.*[^\\]$", (clone / "requirements.lock").read_text(), re.MULTILINE)
    (clone / ".cache/uv/installed.txt").write_text(f"{pin[0]}\n")
    (tmp_path / "home").mkdir()
    return Machine(clone, tmp_path / "bin", tmp_path / "home")


@pytest.mark.parametrize("version", ["3.9.18", "3.13.0", "3.14.0"])
def test_sync_finds_a_python_that_pyairbyte_supports(machine, version):
    machine.put_on_path(python3=version, python3_12="3.12.4")
    done = machine.make("sync")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Python 3.12.4 ({machine.bin}/python3.12) is used for .venv.\n"
    assert machine.version() == "3.12.4"


def test_python_in_pyenv_is_found(machine):
    machine.put_on_path(python3="3.9.18")
    machine.put_in_pyenv("3.11.7")
    assert machine.make("sync").returncode == 0
    assert machine.version() == "3.11.7"


def test_first_suitable_python_on_path_is_used(machine):
    machine.put_on_path(python3="3.13.0", python3_12="3.12.4")
    assert machine.make("import").returncode == 0
    assert machine.version() == "3.13.0"


def test_named_python_is_used(machine):
    machine.put_on_path(python3="3.12.4", python3_11="3.11.7")
    for name in ("python3.11", "3.11", str(machine.bin / "python3.11")):
        assert machine.make("sync", PYTHON=name).returncode == 0
        assert machine.version() == "3.11.7"
    assert len([line for line in machine.recorded if line.startswith("venv")]) == 1


def test_named_python_that_the_target_cannot_use_is_replaced(machine):
    machine.put_on_path(python3="3.9.18", python3_13="3.13.0", python3_12="3.12.4")
    done = machine.make("sync", PYTHON="python3.13")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == (
        "make sync needs Python 3.10 to 3.12, and PYTHON=python3.13 is 3.13.0: looking for another one."
    )
    assert machine.version() == "3.12.4"


def test_unknown_named_python_is_an_error(machine):
    machine.put_on_path(python3="3.12.4")
    done = machine.make("sync", PYTHON="python3.99")
    assert (done.returncode, done.stderr) == (1, "make: PYTHON=python3.99 was not found on PATH or in pyenv.\n")
    assert machine.recorded == []


def test_missing_python_is_downloaded(machine):
    machine.put_on_path(python3="3.14.0")
    download = write_executable(machine.bin / "later", PYTHON.replace("VERSION", "3.12.9"))
    done = machine.make("sync", DOWNLOADED=str(download))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Python 3.10 to 3.12 is neither on PATH nor in pyenv: uv downloads Python 3.12.\n")
    assert machine.version() == "3.12.9"


def test_missing_python_without_network_is_one_line_and_installs_nothing(machine):
    machine.put_on_path(python3="3.14.0")
    done = machine.make("sync")
    assert done.returncode == 1
    assert done.stderr == (
        "make: make sync needs Python 3.10 to 3.12. It is neither on PATH nor in pyenv, and uv could not download it."
        " Install one, or name one: make sync PYTHON=/path/to/python3.12. uv: Caused by: dns error\n"
    )
    assert not (machine.clone / ".venv").exists()
    assert [line for line in machine.recorded if not line.startswith("python install")] == []


def test_failed_download_of_uv_is_an_error_of_one_line(machine):
    machine.put_on_path(python3="3.12.4")
    shutil.rmtree(machine.clone / ".cache")
    done = machine.make("sync")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "make: uv, which installs the packages, could not be downloaded. Check the network connection."
    )
    assert len(done.stderr.splitlines()) == 1
    assert not (machine.clone / ".venv").exists()


def test_machine_without_python_gets_an_error_of_one_line(machine):
    machine.bin.mkdir()
    shutil.rmtree(machine.clone / ".cache")
    done = machine.make("sync")
    assert (done.returncode, done.stderr) == (
        1,
        "make: Python is missing. Install Python 3.9 or newer, or name one: make sync PYTHON=/path/to/python3\n",
    )


def test_complete_environment_is_not_changed(machine):
    machine.put_on_path(python3="3.12.4")
    machine.make("sync")
    before = machine.recorded
    done = machine.make("sync")
    assert (done.returncode, done.stdout, machine.recorded) == (0, "", before)


def test_environment_is_installed_again_after_a_failure_and_after_a_change(machine):
    machine.put_on_path(python3="3.12.4")
    assert machine.make("sync", PIP_EXIT="2").returncode == 2
    assert machine.make("sync").returncode == 0
    before = len(machine.recorded)
    with (machine.clone / "requirements.lock").open("a") as lock:
        lock.write("# a change\n")
    assert machine.make("sync").returncode == 0
    assert [line.split()[0] for line in machine.recorded[before:]] == ["pip", "pip"]


def test_environment_without_a_working_python_is_created_again(machine):
    machine.put_on_path(python3="3.12.4", python3_11="3.11.7")
    machine.make("sync")
    (machine.bin / "python3").unlink()  # as an upgrade of the machine does
    machine.put_on_path(python3="3.9.18")
    assert machine.make("sync").returncode == 0
    assert machine.version() == "3.11.7"


def test_environment_of_an_unsupported_python_is_created_again(machine):
    machine.put_on_path(python3="3.13.0", python3_12="3.12.4")
    machine.make("develop")
    done = machine.make("sync")
    assert done.stdout.splitlines()[0] == ".venv has Python 3.13.0: it is created again."
    assert machine.version() == "3.12.4"


def test_only_development_installs_the_whole_lock(machine):
    machine.put_on_path(python3="3.12.4")
    for need, extras in {"sandbox": ["sandbox"], "import": ["sandbox", "roster"], "sync": ["sandbox", "local"]}.items():
        before = len(machine.recorded)
        machine.make(need)
        packages, project = (line.split() for line in machine.recorded[before:] if line.startswith("pip"))
        assert [packages[i + 1] for i, word in enumerate(packages) if word == "--extra"] == extras
        assert "--require-hashes" in packages
        assert project[-2:] == ["--editable", "."]
    machine.make("develop")
    assert "--requirement requirements.lock" in machine.recorded[-2]
    before = machine.recorded
    machine.make("sync")  # needs nothing more than `develop` has installed
    assert machine.recorded == before
