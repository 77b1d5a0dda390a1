"""Runs the commands of a page in docs/ as a user does, against the sandbox that the page starts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integration_tests.shown_output import is_shown

DOCS = Path(__file__).parents[1] / "docs"
PORT = "8765"
"""The port of the sandbox on the pages. A test replaces it by a free one."""


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def commands_with_output(page: str) -> list[tuple[str, str]]:
    """Return each block of commands that is followed by a block with its output, and that output."""
    return re.findall(r"```sh\n(.*?)```\n\n```\n(.*?)```", text_of(page), re.DOTALL)


@contextmanager
def user_sandbox(folder: Path, commands: str, shown: str) -> Iterator[str]:
    """Run the page's sandbox at a free port, and yield the port. Its first line must be the one that the page shows."""
    command = f"exec {commands.replace(PORT, '0')}"
    with subprocess.Popen(["bash", "-c", command], cwd=folder, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout
            ready = sandbox.stdout.readline()
            found = re.search(r":(\d+)/", ready)
            assert found, ready
            assert ready == shown.splitlines(keepends=True)[0].replace(PORT, found[1])
            yield found[1]
        finally:
            sandbox.terminate()


def check_output(folder: Path, steps: list[tuple[str, str]], ports: dict[str, str]) -> None:
    """Run all commands in one shell. Each step must print what is shown, and write only files that others cannot read.

    `ports` maps each port of the page to the one to use in its place.
    """
    script = "printf '\\0'\n".join(commands for commands, _ in steps)
    for port, free in ports.items():
        script = script.replace(port, free)
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for (commands, shown), printed in zip(steps, done.stdout.split("\0"), strict=True):
        assert is_shown(printed, shown), f"{commands}\nprinted:\n{printed}"
    assert [file.name for file in (folder / "secrets").iterdir() if file.stat().st_mode & 0o077] == []
