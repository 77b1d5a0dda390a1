"""Builds and runs images on a machine without docker and podman."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from integration_tests.images import debian
from integration_tests.images.engine import Engine, run_command


class Buildah(Engine):
    """Builds with buildah in a separate storage, and runs with chroot and namespaces."""

    base = "localhost/base"

    def __init__(self, storage: Path) -> None:
        self._buildah = ["buildah", "--root", str(storage / "root"), "--runroot", str(storage / "run")]
        container = self._run_buildah("from", "scratch")
        self._run_buildah("add", "--quiet", container, str(debian.root_file_system()), "/")
        self._run_buildah("commit", "--quiet", container, self.base)
        self._run_buildah("rm", container)

    def build_context(self, context: Path, target: str, tag: str, arguments: Sequence[str]) -> None:
        options = ["--quiet", "--isolation=chroot", "--layers", "--target", target, "--tag", tag]
        self._run_buildah("build", *options, *arguments, str(context))

    def run(
        self, image: str, command: Sequence[str], *, data: Path, stdin: str = "", entrypoint: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        settings = self._settings(image)
        user = settings.get("User") or "root"
        inside = [entrypoint] if entrypoint else settings["Entrypoint"]
        container = self._run_buildah("from", image)
        try:
            root = shlex.quote(self._run_buildah("mount", container))
            inner_tmp = f"{root}/tmp"  # noqa: S108 - the container's own
            # What `docker run --read-only --tmpfs /tmp --network host --volume data:/data:ro` does.
            isolated = f"""
                set -e
                mkdir -p {root}/data
                mount --bind {root} {root}
                mount --bind {shlex.quote(str(data))} {root}/data
                mount -t tmpfs tmpfs {inner_tmp}
                mount -t proc proc {root}/proc
                mount --rbind /dev {root}/dev
                mount -o remount,bind,ro {root}
                exec chroot --userspec={user} {root} "$@"
            """
            process = ["unshare", "--mount", "sh", "-c", isolated, "sh", "env", "-i", *settings.get("Env", ())]
            return run_command([*process, *inside, *command], stdin=stdin, check=False)
        finally:
            self._run_buildah("umount", container)
            self._run_buildah("rm", container)

    def size(self, image: str) -> int:
        (listed,) = json.loads(self._run_buildah("images", "--json", image))
        return _bytes(listed["size"])

    def labels(self, image: str) -> dict[str, str]:
        labels: dict[str, str] = self._settings(image)["Labels"]
        return labels

    def remove(self, image: str) -> None:
        self._run_buildah("rmi", "--force", image)

    def _settings(self, image: str) -> dict[str, Any]:
        settings: dict[str, Any] = json.loads(self._run_buildah("inspect", "--type=image", image))["OCIv1"]["config"]
        return settings

    def _run_buildah(self, *arguments: str) -> str:
        return run_command([*self._buildah, *arguments]).stdout.strip()


def _bytes(text: str) -> int:
    number, unit = text.split()
    return int(float(number) * {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}[unit.upper()])
