"""Downloads the wheels for an image, so that its build needs no network and no settings of a package index."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".cache" / "images"
LOCK = REPOSITORY / "requirements.lock"
# From the newest to the oldest C library that a wheel may require.
MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux_2_17", "manylinux2014")


@dataclass(frozen=True)
class Interpreter:
    """What the base image runs: "3.13" on "x86_64"."""

    version: str
    machine: str


def wheels_for(interpreter: Interpreter) -> Path:
    """Return a folder with the wheels of the base dependencies and of uv, as the lock pins them. Kept between runs."""
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    kept = CACHE / f"wheels-{interpreter.version}-{interpreter.machine}-{lock}"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _download(interpreter, Path(folder) / "wheels")
            # The rename makes the complete folder appear at once. Another run may have created it in the meantime.
            if not kept.exists():
                (Path(folder) / "wheels").rename(kept)
    return kept


def _download(interpreter: Interpreter, into: Path) -> None:
    # The image checks the hashes when it installs the wheels.
    pins = into.with_suffix(".txt")
    uv = re.search(r"^uv==\S+", LOCK.read_text(), re.MULTILINE)
    pins.write_text("\n".join([*_base_pins(interpreter), uv[0] if uv else "uv"]))
    platforms = [f"--platform={kind}_{interpreter.machine}" for kind in MANYLINUX]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-qq",
            "--no-deps",
            "--only-binary=:all:",
            *platforms,
            f"--python-version={interpreter.version}",
            f"--dest={into}",
            f"--requirement={pins}",
        ],
        check=True,
    )


def _base_pins(interpreter: Interpreter) -> list[str]:
    """Return `name==version` of all that this interpreter needs for pyproject.toml's dependencies, without extras."""
    compiled = subprocess.run(
        [
            Path(sys.executable).parent / "uv",
            "pip",
            "compile",
            "--quiet",
            "--no-header",
            "--no-annotate",
            f"--python-version={interpreter.version}",
            f"--python-platform={interpreter.machine}-manylinux_2_28",
            f"--constraint={LOCK}",
            REPOSITORY / "pyproject.toml",
        ],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    return compiled.stdout.split("\n")
