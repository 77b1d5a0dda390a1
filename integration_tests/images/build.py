"""Builds both images, tagged as in the registry entries: `make image`."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from integration_tests.images.choice import container_command
from integration_tests.images.docker import Docker
from integration_tests.images.wheels import REPOSITORY

ENTRIES = {"source": "metadata.yaml", "destination": "destination_powerschool_enrollment/metadata.yaml"}


def main() -> None:
    command = container_command()
    if command is None:
        sys.exit("make image needs docker or podman; without one, make image-test builds and tries the images.")
    for target, path in ENTRIES.items():
        entry = yaml.safe_load(Path(REPOSITORY, path).read_text())["data"]
        tag = f"{entry['dockerRepository']}:{entry['dockerImageTag']}"
        Docker(command).build(target, tag)
        print(tag)


main()
