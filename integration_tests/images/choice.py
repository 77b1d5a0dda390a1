"""Chooses the engine that can build and run images on this machine."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integration_tests.images import debian
from integration_tests.images.buildah import Buildah
from integration_tests.images.docker import Docker
from integration_tests.images.engine import Engine


@contextmanager
def engine() -> Iterator[Engine]:
    """Yield docker or podman, or else buildah with a temporary storage, which is removed afterwards."""
    if command := container_command():
        yield Docker(command)
        return
    debian.install_tools()
    with tempfile.TemporaryDirectory() as folder:
        storage = Path(folder)
        try:
            yield Buildah(storage)
        finally:
            _release(storage)


def container_command() -> str | None:
    """Return "docker" or "podman" if it works, else None. A command may be installed without a running service."""
    for command in ("docker", "podman"):
        if (
            shutil.which(command)
            and subprocess.run([command, "info"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return None


def _release(storage: Path) -> None:
    """Unmount what the storage's driver left mounted, so that it can be deleted."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if str(storage) in line]
    for mount in reversed(mounts):
        subprocess.run(["umount", "--lazy", mount], check=False)
