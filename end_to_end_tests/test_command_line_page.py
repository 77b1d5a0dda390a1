"""docs/command_line.md: every command, in the page's order, prints what the page shows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.shown_output import is_shown

PAGE = (Path(__file__).parents[1] / "docs" / "command_line.md").read_text(encoding="utf-8")
PORT = "8765"
SERVER, *STEPS = re.findall(r"```sh\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.fixture
def port(folder):
    """Run the page's sandbox, at a port that is free here, and hold its first line to the page's."""
    commands, shown = SERVER
    with subprocess.Popen(
        ["bash", "-c", f"exec {commands.replace(PORT, '0')}"], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as sandbox:
        ready = sandbox.stdout.readline()
        port = re.search(r":(\d+)/", ready)[1]
        assert ready == shown.splitlines(keepends=True)[0].replace(PORT, port)
        yield port
        sandbox.terminate()


@pytest.mark.skipif(not shutil.which("jq"), reason="the page uses jq, which is not on PATH; the gate installs it")
def test_every_command_prints_what_the_page_shows(folder, port):
    assert len(re.findall(r"^```sh$", PAGE, re.MULTILINE)) == 1 + len(STEPS)
    script = "printf '\\0'\n".join(commands for commands, _ in STEPS).replace(PORT, port)
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for (commands, shown), printed in zip(STEPS, done.stdout.split("\0"), strict=True):
        assert is_shown(printed, shown), f"{commands}\nprinted:\n{printed}"
    written = list((folder / "secrets").iterdir())
    assert [file.name for file in written if file.stat().st_mode & 0o077] == []
    assert len(written) == 9
