"""The interface of an engine, and how any engine builds an image from the wheels."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from integration_tests.images.wheels import REPOSITORY, Interpreter, wheels_for

CONTEXT = ("pyproject.toml", "requirements.lock", "Dockerfile", ".dockerignore")
PACKAGES = (
    "powerschool_enrollment_api",
    "powerschool_enrollment_airbyte",
    "source_powerschool_enrollment",
    "destination_powerschool_enrollment",
)
PRINT_INTERPRETER = "import platform, sys; print('%d.%d' % sys.version_info[:2], platform.machine())"


class Engine(ABC):
    """Builds images, and runs them without root, with a read-only root file system and the host's network."""

    base: str

    @abstractmethod
    def build_context(self, context: Path, target: str, tag: str, arguments: Sequence[str]) -> None:
        """Build one target of the Dockerfile."""

    @abstractmethod
    def run(
        self, image: str, command: Sequence[str], *, data: Path, stdin: str = "", entrypoint: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the image's entry point (or another) with `data` read-only at /data."""

    @abstractmethod
    def size(self, image: str) -> int:
        """Return the image's size in bytes."""

    @abstractmethod
    def labels(self, image: str) -> dict[str, str]:
        """Return the image's labels."""

    @abstractmethod
    def remove(self, image: str) -> None:
        """Delete the image."""

    def build(self, target: str, tag: str) -> None:
        """Build a target from the wheels that the lock pins. The build needs no network."""
        with tempfile.TemporaryDirectory() as empty:
            answer = self.run(self.base, ["-c", PRINT_INTERPRETER], data=Path(empty), entrypoint="python3")
        wheels = wheels_for(Interpreter(*answer.stdout.split()))
        with tempfile.TemporaryDirectory() as folder:
            context = Path(folder)
            for name in CONTEXT:
                shutil.copy(REPOSITORY / name, context)
            for name in PACKAGES:
                shutil.copytree(REPOSITORY / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
            for path in context.rglob("*"):  # as in a clone that was made under `umask 077`
                path.chmod(0o700 if path.is_dir() else 0o600)
            (context / "wheels").mkdir()
            for wheel in wheels.iterdir():
                shutil.copy(wheel, context / "wheels")
            settings = {"BASE_IMAGE": self.base, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
            arguments = [f"--build-arg={name}={value}" for name, value in settings.items()]
            self.build_context(context, target, tag, arguments)


def run_command(command: Sequence[str], *, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    finished = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and finished.returncode:
        raise RuntimeError(f"{shlex.join(command[:8])} … ended with {finished.returncode}:\n{finished.stderr[-4000:]}")
    return finished
