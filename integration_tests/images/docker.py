"""Builds and runs images with docker or podman."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from integration_tests.images.engine import Engine, run_command
from integration_tests.images.wheels import REPOSITORY


class Docker(Engine):
    """Docker or podman: both have the same command line."""

    def __init__(self, command: str) -> None:
        self._command = command
        default = next(
            line for line in (REPOSITORY / "Dockerfile").read_text().splitlines() if "ARG BASE_IMAGE=" in line
        )
        self.base = default.partition("=")[2]

    def build_context(self, context: Path, target: str, tag: str, arguments: Sequence[str]) -> None:
        run_command([self._command, "build", "--quiet", "--target", target, "--tag", tag, *arguments, str(context)])

    def run(
        self, image: str, command: Sequence[str], *, data: Path, stdin: str = "", entrypoint: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        options = [
            "--rm",
            "--interactive",
            "--network=host",
            "--read-only",
            "--tmpfs=/tmp",
            f"--volume={data}:/data:ro",
        ]
        options += [f"--entrypoint={entrypoint}"] if entrypoint else []
        return run_command([self._command, "run", *options, image, *command], stdin=stdin, check=False)

    def size(self, image: str) -> int:
        return int(self._inspect(image)["Size"])

    def labels(self, image: str) -> dict[str, str]:
        labels: dict[str, str] = self._inspect(image)["Config"]["Labels"]
        return labels

    def remove(self, image: str) -> None:
        run_command([self._command, "image", "rm", "--force", image])

    def _inspect(self, image: str) -> dict[str, Any]:
        inspected: dict[str, Any] = json.loads(run_command([self._command, "image", "inspect", image]).stdout)[0]
        return inspected
