"""Pytest plugin for `airbyte-cdk connector test`: starts a sandbox, and writes configurations for it to `.tmp`."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from powerschool_enrollment_sandbox import District, running_sandbox

RUNNING = pytest.StashKey[ExitStack]()


def pytest_configure(config):
    """Start the sandbox, and write the configurations that acceptance-test-config.yml lists."""
    running = config.stash[RUNNING] = ExitStack()
    district = District.generate(forms=2, roster_records_per_form=20, submission_records_per_form=20)
    sandbox = running.enter_context(running_sandbox(district=district))
    folder = Path(config.rootpath, ".tmp")
    folder.mkdir(exist_ok=True)
    for name, api_key in {"valid": sandbox.api_key, "wrong_key": "a-wrong-key"}.items():
        (folder / f"{name}.json").write_text(json.dumps({"api_key": api_key, "base_url": sandbox.base_url}))


def pytest_unconfigure(config):
    config.stash[RUNNING].close()


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of an image that Airbyte's tools build: `make image-test` tests ours."""
    of_images = [item for item in items if item.get_closest_marker("image_tests")]
    items[:] = [item for item in items if item not in of_images]
    config.hook.pytest_deselected(items=of_images)
