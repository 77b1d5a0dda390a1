"""What end-to-end tests share with integration tests, and the folder in which a page's commands run."""

import sys

import pytest

from integration_tests.conftest import (  # noqa: F401 - fixtures and hooks
    config,
    pytest_collection_finish,
    sandbox,
    small_district,
    streams,
)


@pytest.fixture
def folder(tmp_path):
    """Return an empty folder whose `.venv` is this environment."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path
