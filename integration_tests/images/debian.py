"""A base image for a machine without docker and podman: the machine's distribution with Python, from its mirror."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from integration_tests.images.wheels import CACHE

APT = Path("/etc/apt")
ONE_LINE = re.compile(r"^deb\s+(?:\[[^]]*]\s+)?(?P<mirror>\S+)\s+(?P<suites>\S+)\s+(?P<components>.+)$", re.MULTILINE)
FIELD = re.compile(r"^(URIs|Suites|Components):\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Distribution:
    """The mirror, release and components of the machine's packages."""

    mirror: str
    suite: str
    components: list[str]


def install_tools() -> None:
    """Install buildah and debootstrap where they are missing; that takes root and apt."""
    if shutil.which("buildah") and shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise RuntimeError(
            "Images need docker or podman. Without them, run this as root on Debian or Ubuntu: it installs buildah."
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update", "install --yes --no-install-recommends buildah debootstrap"):
        subprocess.run(["apt-get", "-qq", *command.split()], check=True, env=environment, stdout=subprocess.DEVNULL)


def root_file_system() -> Path:
    """Return a tar file of a small system with Python. It is kept between runs."""
    distribution = _distribution()
    kept = CACHE / f"base-{distribution.suite}-{os.uname().machine}.tar"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            root, tar = Path(folder) / "root", Path(folder) / kept.name
            _bootstrap(distribution, root)
            subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
            # The last step is a rename, so that an interrupted run leaves no partial file of this name.
            shutil.move(tar, tar_beside := kept.with_name(f"{Path(folder).name}.tar"))
            tar_beside.rename(kept)
    return kept


def _bootstrap(distribution: Distribution, root: Path) -> None:
    command = shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin")
    subprocess.run(
        [
            str(command),
            "--variant=minbase",
            "--include=python3,python3-venv,ca-certificates",
            f"--components={','.join(distribution.components)}",
            distribution.suite,
            root,
            distribution.mirror,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for package in (root / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


def _distribution() -> Distribution:
    suite = re.search(r"^VERSION_CODENAME=\"?(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    for source in _sources():
        if suite and suite[1] in source["Suites"].split():
            return Distribution(source["URIs"].split()[0], suite[1], source["Components"].split())
    raise RuntimeError("The package sources of this machine do not contain a mirror of its release.")


def _sources() -> list[dict[str, str]]:
    one_line = [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*.list"))]
    sources = [
        {"URIs": match["mirror"], "Suites": match["suites"], "Components": match["components"]}
        for path in one_line
        if path.exists()
        for match in ONE_LINE.finditer(path.read_text())
    ]
    for path in sorted((APT / "sources.list.d").glob("*.sources")):
        stanzas = path.read_text().split("\n\n")
        sources += [fields for stanza in stanzas if len(fields := dict(FIELD.findall(stanza))) == 3]
    return sources
