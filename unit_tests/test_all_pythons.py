"""`make test-all`: its output for each Python, and when it fails. Scripts replace the interpreters and `make`."""

import os
import subprocess
from pathlib import Path

import pytest

TEST_ALL = Path(__file__).parents[1] / ".ci" / "test-all"


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the script with Python 3.10, 3.11 and (only in pyenv) 3.12. Tests fail on 3.11."""
    commands = tmp_path / "bin"
    pyenv = tmp_path / ".pyenv" / "versions" / "3.12.9" / "bin"
    for folder, name, script in (
        (commands, "python3.10", "echo /usr/bin/python3.10"),
        (commands, "python3.11", "echo /usr/bin/python3.11"),
        (commands, "python3.12", "exit 127"),  # as pyenv's shim does for a version that is not selected
        (pyenv, "python", "echo /pyenv/python3.12"),
        (commands, "make", 'echo "make $*"; case "$*" in *VENV=.venv-3.11*) exit 2;; esac'),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "PYENV_ROOT"}
    environment |= {"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(tmp_path)}

    def run(*versions):
        return subprocess.run(
            [TEST_ALL, *versions], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_each_python_tests_in_a_separate_environment(run):
    done = run("3.10", "3.12")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "make --no-print-directory test test-end-to-end PYTHON=/usr/bin/python3.10 VENV=.venv-3.10",
        "make --no-print-directory test test-end-to-end PYTHON=/pyenv/python3.12 VENV=.venv-3.12",
        "",
        "Python 3.10: passed",
        "Python 3.12: passed",
    ]


def test_other_pythons_are_tested_after_a_failure(run):
    done = run("3.11", "3.12")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == ["Python 3.11: failed", "Python 3.12: passed"]


def test_a_missing_python_is_named_with_what_to_do(run):
    done = run("3.10", "3.99")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == [
        "Python 3.10: passed",
        "Python 3.99: missing. Install it so that python3.99 is on PATH, or with: pyenv install 3.99",
    ]
