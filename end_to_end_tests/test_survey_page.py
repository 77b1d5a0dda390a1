"""docs/survey.md: the survey of the default sandbox prints the report that the page shows."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.shown_output import is_shown

PAGE = (Path(__file__).parents[1] / "docs" / "survey.md").read_text(encoding="utf-8")
PORT, OTHER_PORT = "8765", "8766"
SERVER, SURVEY, OTHER = re.findall(r"```sh\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.fixture
def port(folder):
    """Run the page's sandbox at a free port."""
    commands, shown = SERVER
    with subprocess.Popen(
        ["bash", "-c", f"exec {commands.replace(PORT, '0')}"], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as sandbox:
        ready = sandbox.stdout.readline()
        port = re.search(r":(\d+)/", ready)[1]
        assert ready == shown.splitlines(keepends=True)[0].replace(PORT, port)
        yield port
        sandbox.terminate()


def free_port():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return str(reserved.getsockname()[1])


def test_surveys_print_what_the_page_shows(folder, port):
    assert len(re.findall(r"^```sh$", PAGE, re.MULTILINE)) == 3
    script = f"{SURVEY[0]}printf '\\0'\n{OTHER[0]}".replace(PORT, port).replace(OTHER_PORT, free_port())
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for (_, shown), printed in zip((SURVEY, OTHER), done.stdout.split("\0"), strict=True):
        assert is_shown(printed, shown), printed
    assert [file.name for file in (folder / "secrets").iterdir() if file.stat().st_mode & 0o077] == []


def test_page_names_every_option_and_exit_code():
    help_text = subprocess.run(
        [Path(sys.executable).with_name("powerschool-enrollment-survey"), "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    options = set(re.findall(r"--[a-z-]+", help_text)) - {"--help"}
    assert options <= set(re.findall(r"--[a-z-]+", PAGE))
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == ["0", "1", "2", "130"]
